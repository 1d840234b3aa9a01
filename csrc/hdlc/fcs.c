/* CRC-16/X.25 (polynomial 0x8408 reflected), half an octet at a time: 32 octets of table instead of 512. */
#include "hdlc/fcs.h"

static const uint16_t NIBBLE[16] = {
    0x0000, 0x1081, 0x2102, 0x3183, 0x4204, 0x5285, 0x6306, 0x7387,
    0x8408, 0x9489, 0xA50A, 0xB58B, 0xC60C, 0xD68D, 0xE70E, 0xF78F,
};

uint16_t fl_fcs_update(uint16_t fcs, const uint8_t *octets, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        fcs = (uint16_t)((fcs >> 4) ^ NIBBLE[(fcs ^ octets[i]) & 15]);
        fcs = (uint16_t)((fcs >> 4) ^ NIBBLE[(fcs ^ (octets[i] >> 4)) & 15]);
    }
    return fcs;
}
