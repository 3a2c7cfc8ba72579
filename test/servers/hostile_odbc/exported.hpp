// Functions of the driver are all that the library exports.
#pragma once

#define EXPORTED extern "C" __attribute__((visibility("default")))
