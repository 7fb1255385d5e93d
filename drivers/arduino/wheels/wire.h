// The binary messages of a motor controller: COBS frames with a CRC-16. Pure: bytes and times in, bytes out.
// drivers/README.md documents them; drivers/edgeai_drivers/wheels.py is the other end.
#pragma once
#include <stdint.h>
#include <string.h>

namespace wire {

const uint8_t LONGEST = 32;            // bytes of a frame, its end not counted
const uint16_t WATCHDOG_MS = 500;      // no command is good for longer, whatever it says
const uint8_t DRIVE = 0x01, ODOMETRY = 0x81;

inline uint16_t crc16(const uint8_t *data, uint8_t length) {  // CRC-16/CCITT-FALSE
  uint16_t crc = 0xFFFF;
  for (uint8_t i = 0; i < length; i++) {
    crc ^= (uint16_t)data[i] << 8;
    for (uint8_t bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return crc;
}

inline uint16_t u16(const uint8_t *at) { return at[0] | (uint16_t)at[1] << 8; }

struct Drive {
  uint16_t expires_ms;
  int16_t steering, throttle;          // -10000 to 10000: positive is left, and forwards
};

// Takes the bytes of the line one by one; `take` says true when they have completed a valid drive command.
class Receiver {
 public:
  bool take(uint8_t byte, Drive *drive) {
    if (byte != 0) {
      if (length_ < LONGEST) frame_[length_++] = byte;
      else overlong_ = true;
      return false;
    }
    bool good = !overlong_ && read(drive);
    length_ = 0;
    overlong_ = false;
    return good;
  }

 private:
  uint8_t frame_[LONGEST], length_ = 0;
  bool overlong_ = false;

  bool read(Drive *drive) {
    uint8_t packet[LONGEST], n = 0;
    for (uint8_t i = 0; i < length_;) {  // undo the byte stuffing
      uint8_t code = frame_[i++];
      if (i + code - 1 > length_) return false;
      for (uint8_t k = 1; k < code; k++) packet[n++] = frame_[i++];
      if (i < length_ && code < 0xFF) packet[n++] = 0;
    }
    if (n != 11 || packet[0] != DRIVE) return false;
    if (crc16(packet, 9) != ((uint16_t)packet[9] << 8 | packet[10])) return false;
    int16_t steering = (int16_t)u16(packet + 5), throttle = (int16_t)u16(packet + 7);
    if (steering < -10000 || steering > 10000 || throttle < -10000 || throttle > 10000) return false;
    drive->expires_ms = u16(packet + 3);
    drive->steering = steering;
    drive->throttle = throttle;
    return true;
  }
};

// What the wheels are to do now: the newest command until it expires, then nothing.
class Watchdog {
 public:
  uint16_t stops = 0;

  void command(const Drive &drive, uint32_t now_ms) {
    drive_ = drive;
    since_ = now_ms;
    good_for_ = drive.expires_ms < WATCHDOG_MS ? drive.expires_ms : WATCHDOG_MS;
    driving_ = true;
  }

  bool driving(uint32_t now_ms) {
    if (driving_ && (uint32_t)(now_ms - since_) >= good_for_) {
      driving_ = false;
      stops++;
    }
    return driving_;
  }

  // Shares of full power of the two sides, -10000 to 10000.
  void sides(uint32_t now_ms, int16_t *left, int16_t *right) {
    *left = *right = 0;
    if (!driving(now_ms)) return;
    *left = limited((int32_t)drive_.throttle - drive_.steering);
    *right = limited((int32_t)drive_.throttle + drive_.steering);
  }

 private:
  Drive drive_ = {0, 0, 0};
  uint32_t since_ = 0;
  uint16_t good_for_ = 0;
  bool driving_ = false;

  static int16_t limited(int32_t value) { return value < -10000 ? -10000 : value > 10000 ? 10000 : value; }
};

// Writes an odometry frame, its end included, into `out` (at least LONGEST bytes) and returns its length.
inline uint8_t odometry(uint8_t *out, uint16_t seq, uint32_t micros, int32_t left, int32_t right, bool driving,
                        uint16_t stops) {
  uint8_t packet[20], n = 0;
  packet[n++] = ODOMETRY;
  packet[n++] = seq, packet[n++] = seq >> 8;
  const uint32_t words[] = {micros, (uint32_t)left, (uint32_t)right};
  for (uint32_t word : words)
    for (uint8_t shift = 0; shift < 32; shift += 8) packet[n++] = word >> shift;
  packet[n++] = driving;
  packet[n++] = stops, packet[n++] = stops >> 8;
  uint16_t crc = crc16(packet, n);
  packet[n++] = crc >> 8, packet[n++] = crc;
  uint8_t code_at = 0, length = 1;
  for (uint8_t i = 0; i < n; i++) {    // 20 bytes: a code never reaches 0xFF
    if (packet[i]) {
      out[length++] = packet[i];
    } else {
      out[code_at] = length - code_at;
      code_at = length++;
    }
  }
  out[code_at] = length - code_at;
  out[length++] = 0;
  return length;
}

}  // namespace wire
