// A motor controller for two driven sides with encoders: the reference for edgeai's output `motors` and sensor `odometry`.
// Any Arduino with two external interrupts; an H-bridge with one PWM and one direction pin a side (DRV8835, L298N, ...).
#include "wire.h"

const uint8_t LEFT_PWM = 5, LEFT_DIRECTION = 4, RIGHT_PWM = 6, RIGHT_DIRECTION = 7;
const uint8_t LEFT_A = 2, LEFT_B = 8, RIGHT_A = 3, RIGHT_B = 9;
const uint32_t BAUD = 115200, TOLD_EVERY_MS = 20;

wire::Receiver receiver;
wire::Watchdog watchdog;
volatile int32_t left_ticks = 0, right_ticks = 0;
uint16_t seq = 0;
uint32_t told = 0;

void on_left() { left_ticks += digitalRead(LEFT_B) ? 1 : -1; }
void on_right() { right_ticks += digitalRead(RIGHT_B) ? -1 : 1; }  // mounted the other way round

void turn(uint8_t pwm, uint8_t direction, int16_t share) {
  digitalWrite(direction, share < 0);
  analogWrite(pwm, (int32_t)(share < 0 ? -share : share) * 255 / 10000);
}

void setup() {
  const uint8_t outputs[] = {LEFT_PWM, LEFT_DIRECTION, RIGHT_PWM, RIGHT_DIRECTION};
  const uint8_t inputs[] = {LEFT_A, LEFT_B, RIGHT_A, RIGHT_B};
  for (uint8_t pin : outputs) pinMode(pin, OUTPUT), digitalWrite(pin, LOW);
  for (uint8_t pin : inputs) pinMode(pin, INPUT_PULLUP);
  attachInterrupt(digitalPinToInterrupt(LEFT_A), on_left, RISING);
  attachInterrupt(digitalPinToInterrupt(RIGHT_A), on_right, RISING);
  Serial.begin(BAUD);
}

void loop() {
  wire::Drive drive;
  while (Serial.available())
    if (receiver.take(Serial.read(), &drive)) watchdog.command(drive, millis());

  int16_t left, right;                 // asked anew in every turn of the loop: silence stops the wheels here
  watchdog.sides(millis(), &left, &right);
  turn(LEFT_PWM, LEFT_DIRECTION, left);
  turn(RIGHT_PWM, RIGHT_DIRECTION, right);

  if (millis() - told >= TOLD_EVERY_MS) {
    told = millis();
    noInterrupts();
    int32_t l = left_ticks, r = right_ticks;
    interrupts();
    uint8_t frame[wire::LONGEST];
    uint8_t length = wire::odometry(frame, ++seq, micros(), l, r, watchdog.driving(told), watchdog.stops);
    if (Serial.availableForWrite() >= length) Serial.write(frame, length);  // never wait: the watchdog comes first
  }
}
