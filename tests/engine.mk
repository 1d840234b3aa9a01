# For the Makefiles of c/ and fuzz/, which set OUT and CFLAGS: the engine as a library, so that a program takes only what it
# uses.
CSRC := ../../csrc
ENGINE := $(patsubst $(CSRC)/%.c,$(OUT)/engine/%.o,$(wildcard $(CSRC)/*/*.c))

$(OUT)/libengine.a: $(ENGINE)
	@rm -f $@
	$(AR) rcs $@ $(ENGINE)

$(OUT)/engine/%.o: $(CSRC)/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<

$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<

.SECONDARY:
-include $(ENGINE:.o=.d) $(wildcard $(OUT)/*.d)
