"""The two PIO programs of the jig (RP2040 datasheet, chapter 3).

MicroPython's assembler runs these functions once; the instructions are its words.
"""

import rp2

from jig.pins import BAUDS

SAMPLER_HZ = 7_000_000  # seven instructions a sample: one sample a microsecond
TICK_US = 993  # a record comes at least this often: 31 << 5 samples without a change, and one
CYCLES_A_BIT = 16


@rp2.asm_pio(in_shiftdir=rp2.PIO.SHIFT_LEFT, fifo_join=rp2.PIO.JOIN_RX)
def sampler():
    """Push all levels whenever one has changed, and once a millisecond."""
    mov(osr, null)
    wrap_target()
    label("sample")
    in_(pins, 19)
    mov(y, isr)
    jmp(x_not_y, "push")
    mov(y, osr)
    jmp(y_dec, "quiet")
    label("push")
    mov(x, isr)
    push(block)
    set(y, 31)
    in_(y, 5)
    in_(null, 5)
    mov(osr, isr)
    mov(isr, null)
    jmp("sample")
    label("quiet")
    mov(osr, y)
    mov(isr, null)
    wrap()


@rp2.asm_pio(in_shiftdir=rp2.PIO.SHIFT_LEFT, fifo_join=rp2.PIO.JOIN_RX)
def byte_counter():
    """Push a word for each byte: start bit, nine and a half bits, stop bit. A break is none."""
    wrap_target()
    label("start")
    wait(0, pin, 0)
    set(x, 8)[6]
    label("bit")
    jmp(x_dec, "bit")[15]
    jmp(pin, "whole")
    wait(1, pin, 0)
    jmp("start")
    label("whole")
    push(block)
    wrap()


@rp2.asm_pio(set_init=rp2.PIO.OUT_LOW)
def silence():
    """Drive a pin high while a wire has been low for longer than a byte of zeros: 128 us.

    A UART's wire rests high. It is low for so long where no UART drives it: a reset RP2040 pulls
    every pad down, whatever reset it. It is looked at more often than a bit is short.
    """
    wrap_target()
    set(pins, 0)
    label("high")
    wait(0, pin, 0)
    set(x, 31)
    label("low")
    jmp(pin, "high")
    jmp(x_dec, "low")[2]
    set(pins, 1)
    wait(1, pin, 0)
    wrap()


SILENCE_HZ = 1_000_000
COUNTER_HZ = tuple(baud * CYCLES_A_BIT for baud in BAUDS)
