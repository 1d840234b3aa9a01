/* libFuzzer entry for what a modem says as text: result codes and lists. Input: what to do; then a line, or a list. */
#include "input.h"

#include "modem/results.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NUMBERS_MAX 10000

/* A line as the driver makes it: printable, ended by NUL, in memory of its own size. */
static char *line_of(struct input *input)
{
    const uint8_t *octets;
    size_t length = input_some(input, &octets, 200);
    char *line = malloc(length + 1);
    for (size_t i = 0; i < length; i++)
        line[i] = octets[i] >= 0x20 && octets[i] < 0x7F ? (char)octets[i] : ' ';
    line[length] = '\0';
    return line;
}

static void result(uint8_t found)
{
    REQUIRE(found < FL_RESULT_TEXT);
}

static void results(struct input *input)
{
    bool numeric = input_octet(input) & 1;
    uint8_t found[FL_RESULTS_MAX];
    char *line = line_of(input);
    size_t count = fl_results_split(line, numeric, found);
    REQUIRE(count <= FL_RESULTS_MAX);
    for (size_t i = 0; i < count; i++) result(found[i]);
    REQUIRE(fl_results_at_end(line) < FL_RESULT_TEXT);
    free(line);
}

static void count_number(void *ctx, int number)
{
    unsigned *count = ctx;
    REQUIRE(number >= 0 && number <= 9999);
    ++*count;
}

/* Any line read as a list: numbers in bounds, and not more of them than its length allows. */
static void any_list(struct input *input)
{
    unsigned count = 0;
    char *line = line_of(input);
    fl_results_list(line, count_number, &count);
    REQUIRE(count <= 256 * (strlen(line) / 2 + 1));
    free(line);
}

struct wanted {
    uint16_t numbers[NUMBERS_MAX];
    unsigned count, at;
};

static void match_number(void *ctx, int number)
{
    struct wanted *wanted = ctx;
    REQUIRE(wanted->at < wanted->count && wanted->numbers[wanted->at] == number);
    wanted->at++;
}

/* A list written in one of the ways in which modems write theirs: read as what was meant. */
static void written_list(struct input *input)
{
    static const char *const SEPARATORS[] = {",", ", ", "),(", " "};
    static struct wanted wanted;
    char line[2048] = "";
    unsigned style = input_octet(input);
    size_t used =
        (size_t)snprintf(line, sizeof line, "%s%s", style & 4 ? "+FTM: " : "", style & 8 ? "(" : "");
    wanted.count = wanted.at = 0;
    while (input->left > 0 && used + 32 < sizeof line && wanted.count + 256 < NUMBERS_MAX) {
        unsigned first = input_pair(input) % 10000, width = style & 16 ? input_octet(input) : 0;
        if (first + width > 9999) width = 0;
        used += (size_t)snprintf(line + used, sizeof line - used, "%s%u",
                                 wanted.count ? SEPARATORS[style & 3] : "", first);
        if (width) used += (size_t)snprintf(line + used, sizeof line - used, "-%u", first + width);
        for (unsigned i = 0; i <= width; i++) wanted.numbers[wanted.count++] = (uint16_t)(first + i);
    }
    if (style & 8) snprintf(line + used, sizeof line - used, ")");
    fl_results_list(line, match_number, &wanted);
    REQUIRE(wanted.at == wanted.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    switch (input_octet(&input) % 3) {
    case 0: results(&input); break;
    case 1: any_list(&input); break;
    case 2: written_list(&input); break;
    }
    return 0;
}
