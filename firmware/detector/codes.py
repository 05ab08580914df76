"""Numbers and words that cross a boundary: error codes, faults, trip kinds, journal kinds.

Host and tests import them from here. A number once given is never reused. Order matters on the
wire and in the journal, so everything is a tuple, never a dict.
"""

from detector.compat import const

PROTOCOL = const(1)

# --- trip kinds: index into TRIP_NAMES, ZONE_ROLES, the burst sizes -------------------------
TRIP_INTRUSION = const(0)
TRIP_CONTACT = const(1)
TRIP_FIRE = const(2)
TRIP_PANIC = const(3)
TRIP_TAMPER = const(4)
TRIP_NAMES = ("intrusion", "contact", "fire", "panic", "tamper")
ZONE_ROLES = ("TRIP_INTRUSION", "TRIP_CONTACT", "TRIP_FIRE", "TRIP_PANIC", "TAMPER")
# Image kinds: an alarm image has its trip's kind; a customer's picture has this one.
IMAGE_CUSTOMER = const(15)

# --- results of a command: 0 is OK, the rest is a refusal --------------------------------------
OK = const(0)
ERR_UNKNOWN = const(1)  # no such verb or command
ERR_ARGUMENT = const(2)  # an argument is missing, of the wrong type or out of range
ERR_NOT_ALLOWED = const(3)  # this link may not say this in this state
ERR_NOT_BUILT = const(4)  # the feature is not in this firmware
ERR_NOT_IN_MODEL = const(5)  # this model of detector does not have it, whatever its firmware
ERR_ALREADY = const(10)  # already in that state
ERR_NO_ALARM = const(11)
ERR_IN_ALARM = const(12)
ERR_BUSY = const(13)  # a capture is running
ERR_OPEN_ZONES = const(14)
ERR_FAULT = const(15)  # a latched fault forbids it
ERR_SERVICE = const(16)  # the service jumper is in
ERR_NO_IMAGE = const(20)
ERR_STORE_FULL = const(21)
ERR_CAMERA = const(22)
ERR_STORE = const(23)  # flash could not be read or written
ERR_AGE_UNKNOWN = const(24)  # of an earlier boot, and the hub has not told the time in this one
ERR_AUTH = const(30)  # only ever counted and journaled; nothing is answered
ERR_NOT_PROVISIONED = const(40)
ERR_PROVISIONED = const(41)  # already provisioned, and no rekey was asked for
ERROR_WORDS = (
    (ERR_UNKNOWN, "unknown", "no such command"),
    (ERR_ARGUMENT, "argument", "an argument is missing or out of range"),
    (ERR_NOT_ALLOWED, "not-allowed", "not allowed on this link in this state"),
    (ERR_NOT_BUILT, "not-built", "this firmware does not have that"),
    (ERR_NOT_IN_MODEL, "not-in-model", "this model of detector does not have that"),
    (ERR_ALREADY, "already", "it is in that state already"),
    (ERR_NO_ALARM, "no-alarm", "there is no alarm"),
    (ERR_IN_ALARM, "in-alarm", "not during an alarm; its images are yours anyway"),
    (ERR_BUSY, "busy", "a capture is running"),
    (ERR_OPEN_ZONES, "open-zones", "a sensor line is active; close it and arm again"),
    (ERR_FAULT, "fault", "a fault is latched; power-cycle the detector"),
    (ERR_SERVICE, "service", "the service jumper is in; pull it and reset"),
    (ERR_NO_IMAGE, "no-image", "there is no such image"),
    (ERR_STORE_FULL, "store-full", "no room for an image; fetch and delete some"),
    (ERR_CAMERA, "camera", "the camera failed"),
    (ERR_STORE, "store", "the flash could not be read or written"),
    (ERR_AGE_UNKNOWN, "age-unknown", "its age is not known yet; set the clock first"),
    (ERR_AUTH, "auth", "wrong key, counter or challenge"),
    (ERR_NOT_PROVISIONED, "not-provisioned", "the detector has no identity; run sluss flash"),
    (ERR_PROVISIONED, "provisioned", "the detector has an identity already"),
)


def error_word(code: int) -> str:
    """Return the word for a refusal, e.g. "open-zones"."""
    for number, word, _text in ERROR_WORDS:
        if number == code:
            return word
    return "error-%d" % code


def error_text(code: int) -> str:
    """Return the sentence for a refusal."""
    for number, _word, text in ERROR_WORDS:
        if number == code:
            return text
    return "error %d" % code


# --- faults: bits, latched, kept over resets in every journal record ----------------------------
FAULT_GATE_SENSE = const(0x01)  # UPLINK_SENSE disagreed with the expected gate for 20 ms
FAULT_ENABLE_STUCK = const(0x02)  # UPLINK_EN read back other than driven
FAULT_LATCH_DEAF = const(0x04)  # a counting line rose and LATCH_SENSE did not
FAULT_LATCH_STUCK = const(0x08)  # LATCH_SENSE stayed high after LATCH_CLEAR with all lines low
FAULT_JOURNAL = const(0x10)  # the journal cannot be written
FAULT_ARM_LINES = const(0x20)  # an arm line read back other than driven
FAULT_CAMERA = const(0x40)  # camera failed; does not forbid arming
FAULT_STORE = const(0x80)  # image store or key store failed; does not forbid arming
FAULT_ENABLE_FLOATING = const(0x100)  # UPLINK_EN has lost its external pull-down
FAULT_NAMES = (
    (FAULT_GATE_SENSE, "gate-sense"),
    (FAULT_ENABLE_STUCK, "enable-stuck"),
    (FAULT_LATCH_DEAF, "latch-deaf"),
    (FAULT_LATCH_STUCK, "latch-stuck"),
    (FAULT_JOURNAL, "journal"),
    (FAULT_ARM_LINES, "arm-lines"),
    (FAULT_CAMERA, "camera"),
    (FAULT_STORE, "store"),
    (FAULT_ENABLE_FLOATING, "enable-floating"),
)
# Those that shut the gate and forbid arming until a power-cycle with a passing self-test.
FAULTS_BLOCKING = const(0x13F)


def fault_names(faults: int) -> list[str]:
    """Return the words of all bits in `faults`, in their fixed order."""
    return [name for bit, name in FAULT_NAMES if faults & bit]


# --- journal record kinds -----------------------------------------------------------------------
JR_BOOT = const(1)  # a = reset cause, b = 1 if an alarm was interrupted
JR_PROVISIONED = const(2)
JR_ARM = const(3)  # a = exit delay in ms
JR_DISARM = const(4)  # a = state left
JR_CANCEL = const(5)
JR_TRIP = const(6)  # a = trip kind, b = 1 if the latch confirmed it
JR_ALARM = const(7)  # a = trip kind
JR_GATE_INTENT = const(8)  # written before the gate opens
JR_GATE_SHUT = const(9)  # a = why (EV_ number), b = ms it was open
JR_ALARM_END = const(10)  # a = why (EV_ number), b = how many trips there were
JR_HANDLED = const(11)
JR_CAPTURE = const(12)  # a = image id; for a customer's picture no size and no hash
JR_UPLOAD = const(13)  # a = image id: the ARC acknowledged the whole image
JR_FETCH = const(14)  # a = image id: the hub acknowledged the whole image
JR_DELETE = const(15)  # a = image id, b = why (DELETE_ number)
JR_FAULT = const(16)  # a = new fault bits
JR_FAULT_CLEARED = const(17)  # a = bits cleared by a power-cycle and a passing self-test
JR_LATCH_CLEARED = const(18)  # latch was set without an accepted or pending trip
JR_AUTH = const(19)  # a = wrong authentications on the hub link, b = on the uplink, since the last
JR_CLOCK = const(20)  # time set by the hub
JR_JUMPER = const(21)  # a = 1 in, 0 out
JR_CUSTOMER_CAPTURE = const(22)  # a customer's picture was asked for
JR_CAPTURE_END = const(23)  # a = why (EV_ number)
JR_TIME = const(24)  # nothing happened: so late it is, so long no clock was there
JR_APP = const(25)  # an app settled: a = its slot (0 a, 1 b), b = 1 if another one had failed
JR_NAMES = (
    (JR_BOOT, "boot"),
    (JR_PROVISIONED, "provisioned"),
    (JR_ARM, "arm"),
    (JR_DISARM, "disarm"),
    (JR_CANCEL, "cancel"),
    (JR_TRIP, "trip"),
    (JR_ALARM, "alarm"),
    (JR_GATE_INTENT, "gate-intent"),
    (JR_GATE_SHUT, "gate-shut"),
    (JR_ALARM_END, "alarm-end"),
    (JR_HANDLED, "handled"),
    (JR_CAPTURE, "capture"),
    (JR_UPLOAD, "upload"),
    (JR_FETCH, "fetch"),
    (JR_DELETE, "delete"),
    (JR_FAULT, "fault"),
    (JR_FAULT_CLEARED, "fault-cleared"),
    (JR_LATCH_CLEARED, "latch-cleared"),
    (JR_AUTH, "auth-failures"),
    (JR_CLOCK, "clock"),
    (JR_JUMPER, "jumper"),
    (JR_CUSTOMER_CAPTURE, "customer-capture"),
    (JR_CAPTURE_END, "capture-end"),
    (JR_TIME, "time"),
    (JR_APP, "app"),
)
DELETE_BY_CUSTOMER = const(1)
DELETE_FOR_ROOM = const(2)
DELETE_UNFINISHED = const(3)
DELETE_BY_AGE = const(4)
DELETE_AGE_UNKNOWN = const(5)  # and it will not be known, or was not for 24 h of power
DELETE_REASON_LAST = const(5)


def journal_name(kind: int) -> str:
    """Return the word for a journal record kind."""
    for number, name in JR_NAMES:
        if number == kind:
            return name
    return "kind-%d" % kind


# --- camera drivers: what poll() returns, and why it failed --------------------------------------
CAM_BUSY = const(0)
CAM_READY = const(1)  # an exposure is in the camera's FIFO, `length` bytes
CAM_FAILED = const(2)  # `error` says why
CAM_ERR_SPI = const(1)  # the SPI side does not answer
CAM_ERR_SENSOR = const(2)  # no sensor, or another one than expected
CAM_ERR_I2C = const(3)  # the sensor stopped answering
CAM_ERR_TIMEOUT = const(4)  # an exposure never ended
CAM_ERR_LENGTH = const(5)  # empty, or longer than the FIFO or the limit
CAM_ERR_SOI = const(6)  # no JPEG start
CAM_ERR_EOI = const(7)  # no JPEG end: a picture cut short
CAM_ERROR_NAMES = (
    (CAM_ERR_SPI, "spi"),
    (CAM_ERR_SENSOR, "sensor"),
    (CAM_ERR_I2C, "i2c"),
    (CAM_ERR_TIMEOUT, "timeout"),
    (CAM_ERR_LENGTH, "length"),
    (CAM_ERR_SOI, "no-start"),
    (CAM_ERR_EOI, "no-end"),
)
