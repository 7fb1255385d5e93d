// The sketch on a PC: reads "milliseconds hexbytes" lines, and answers each with what the wheels do and one odometry frame.
#include <cstdio>
#include <string>

#include "wire.h"

typedef uint8_t byte;
enum { LOW, HIGH, OUTPUT, INPUT_PULLUP, RISING };
static uint32_t now_ms = 0;
static std::string line_in, line_out;
static int pwm[16], level[16];
static void (*handlers[16])();

uint32_t millis() { return now_ms; }
uint32_t micros() { return now_ms * 1000u; }
void pinMode(int, int) {}
void digitalWrite(int pin, int value) { level[pin] = value; }
int digitalRead(int pin) { return level[pin]; }
void analogWrite(int pin, int value) { pwm[pin] = value; }
int digitalPinToInterrupt(int pin) { return pin; }
void attachInterrupt(int pin, void (*handler)(), int) { handlers[pin] = handler; }
void noInterrupts() {}
void interrupts() {}
struct {
  void begin(uint32_t) {}
  int available() { return line_in.size(); }
  int read() {
    int value = (uint8_t)line_in[0];
    line_in.erase(0, 1);
    return value;
  }
  int availableForWrite() { return 64; }
  void write(const uint8_t *data, uint8_t length) { line_out.append((const char *)data, length); }
} Serial;

#include "wheels.ino"

int main() {
  setup();
  char hex[8192];
  unsigned at;
  while (std::scanf("%u %8191s", &at, hex) == 2) {
    now_ms = at;
    for (char *c = hex; c[0] && c[1] && hex[0] != '-'; c += 2) {
      unsigned value;
      std::sscanf(c, "%2x", &value);
      line_in.push_back((char)value);
    }
    for (int i = 0; i < 10; i++) handlers[LEFT_A]();
    loop();
    std::printf("%d %d ", level[LEFT_DIRECTION] ? -pwm[LEFT_PWM] : pwm[LEFT_PWM],
                level[RIGHT_DIRECTION] ? -pwm[RIGHT_PWM] : pwm[RIGHT_PWM]);
    for (uint8_t c : line_out) std::printf("%02x", c);
    std::printf("%s\n", line_out.empty() ? "-" : "");
    line_out.clear();
    std::fflush(stdout);
  }
}
