"""Messages between the ROM's `machine` module (in the interpreter) and the board process.

One request, one answer, in lock step over an AF_UNIX stream. Request: header `<BBHii` (op, a,
payload length, v1, v2) and payload. Answer: header `<iI` (value, payload length) and payload; a
negative value is minus an errno. The board imports this file too: there is no second copy.
"""

REQUEST_FORMAT = "<BBHii"
REQUEST_BYTES = 12
ANSWER_FORMAT = "<iI"
ANSWER_BYTES = 8

OP_PIN_MODE = 1  # a = pin, v1 = 0 in / 1 out, v2 = 0 no pull / 1 up / 2 down
OP_PIN_SET = 2  # a = pin, v1 = level
OP_PIN_GET = 3  # a = pin -> level of the pad, also of a driven one
OP_UART_INIT = 10  # a = UART, v1 = baud, v2 = rxbuf << 16 | txbuf (bytes)
OP_UART_ANY = 11  # a = UART -> bytes waiting
OP_UART_READ = 12  # a = UART, v1 = at most -> payload
OP_UART_WRITE = 13  # a = UART, payload -> bytes accepted (room in txbuf)
OP_UART_TXDONE = 14  # a = UART -> 1 when the last bit has left
OP_SPI_WRITE = 20  # a = bus, payload
OP_SPI_READ = 21  # a = bus, v1 = byte sent meanwhile, v2 = count -> payload
OP_SPI_TRANSFER = 22  # a = bus, payload -> payload of the same length
OP_I2C_WRITE = 25  # a = bus, v1 = address, payload -> bytes acknowledged
OP_I2C_READ = 26  # a = bus, v1 = address, v2 = count -> payload
OP_FLASH_READ = 30  # v1 = byte address in the storage region, v2 = count -> payload
OP_FLASH_PROGRAM = 31  # v1 = byte address, payload of 256-byte pages; ANDs as NOR flash does
OP_FLASH_ERASE = 32  # v1 = byte address of a 4096-byte block
OP_FLASH_SIZE = 33  # -> bytes
OP_WDT_START = 40  # v1 = timeout in ms
OP_WDT_FEED = 41
OP_RTC_GET = 42  # -> payload `<8H`: year month day weekday hour minute second ms
OP_RTC_SET = 43  # payload `<8H`
OP_PIO_THERE = 45  # -> 1 where PIO and DMA lead to wires
OP_PIO_INIT = 46  # a = state machine, v1 = Hz, v2 = pins (in, jmp, set), payload: program
OP_PIO_ACTIVE = 47  # a = state machine, v1 = 1 start, 0 stop
OP_CAPTURE_READ = 48  # -> payload `<I` records since the last time, and the newest of them `<6I`
OP_RESET = 50  # never answered: the board resets the chip
OP_SOFT_RESET = 51  # never answered; v1 = BOOT_ bits for the next start; pins keep their state
OP_RESET_CAUSE = 52  # -> as machine.reset_cause()
OP_UNIQUE_ID = 53  # -> payload, 8 bytes
OP_KBD_INTR = 54  # v1 = interrupt character, or -1 for none
OP_BOOT_MODE = 55  # -> BOOT_ bits of this start

# How an interpreter starts. BOOT_RESUME is no reset of the board: an interrupt cost the
# interpreter its heap, and a new one goes on at the prompt, without boot.py, main.py and greeting.
BOOT_RAW = 1  # comes up in the raw REPL, without main.py
BOOT_RESUME = 2

# machine.reset_cause() of the rp2 port
PWRON_RESET = 1
HARD_RESET = 1  # the rp2 port cannot tell the RUN pin from power-on
WDT_RESET = 3
