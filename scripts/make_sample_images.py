#!/usr/bin/env python3
"""Draw the virtual camera's sample pictures into host_tools/virtual_board/images.

Every picture is drawn, nobody is in them. The same Pillow makes the same bytes again: chance comes
from fixed seeds. Run it after a change of a scene and look at the result before committing it.
"""

from __future__ import annotations

import io
import math
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

FOLDER = Path(__file__).resolve().parent.parent / "host_tools" / "virtual_board" / "images"
WIDTH, HEIGHT = 640, 480
SCALE = 2  # drawn larger, for smooth edges
LARGEST_BYTES = 15_700  # with a canary's segment still within two size classes of 8 KiB

Point = tuple[float, float]
Colour = tuple[int, int, int]


class Scene:
    """A canvas in picture coordinates (0..640, 0..480) with a little light to paint with."""

    def __init__(self, top: Colour, bottom: Colour) -> None:
        self.image = _gradient(top, bottom)

    def shape(
        self, points: Sequence[Point], colour: Colour, blur: float = 0, alpha: int = 255
    ) -> None:
        """Fill a polygon, soft where `blur` is given."""
        self._paste(lambda d: d.polygon(_scaled(points), fill=alpha), colour, blur)

    def box(
        self, box: tuple[float, float, float, float], colour: Colour, radius: float = 0
    ) -> None:
        """Fill a rectangle with round corners."""
        scaled = [value * SCALE for value in box]
        draw = ImageDraw.Draw(self.image)
        draw.rounded_rectangle(scaled, radius * SCALE, fill=colour)

    def oval(
        self,
        centre: Point,
        size: Point,
        colour: Colour,
        blur: float = 0,
        alpha: int = 255,
    ) -> None:
        """Fill an ellipse of half axes `size`."""
        (x, y), (rx, ry) = centre, size
        corners = _scaled([(x - rx, y - ry), (x + rx, y + ry)])
        self._paste(lambda d: d.ellipse(corners, fill=alpha), colour, blur)

    def line(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        """Draw a line with round joints and ends."""
        draw = ImageDraw.Draw(self.image)
        scaled = _scaled(points)
        draw.line(scaled, fill=colour, width=round(width * SCALE), joint="curve")
        radius = width * SCALE / 2
        for x, y in (scaled[0], scaled[-1]):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    def glow(self, points: Sequence[Point], colour: Colour, blur: float, times: int = 1) -> None:
        """Add light in a polygon's form."""
        light = Image.new("RGB", self.image.size)
        ImageDraw.Draw(light).polygon(_scaled(points), fill=colour)
        light = light.filter(ImageFilter.GaussianBlur(blur * SCALE))
        for _ in range(times):
            self.image = ImageChops.screen(self.image, light)

    def lamp(self, centre: Point, radius: float, colour: Colour, blur: float) -> None:
        """Add a round light."""
        x, y = centre
        steps = [math.tau * i / 40 for i in range(40)]
        circle = [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in steps]
        self.glow(circle, colour, blur)

    def _paste(
        self, fill: Callable[[ImageDraw.ImageDraw], object], colour: Colour, blur: float
    ) -> None:
        mask = Image.new("L", self.image.size)
        fill(ImageDraw.Draw(mask))
        if blur:
            mask = mask.filter(ImageFilter.GaussianBlur(blur * SCALE))
        self.image.paste(colour, mask=mask)


# --- people --------------------------------------------------------------------------------------


def person(scene: Scene, feet: Point, height: float, colour: Colour, lean: float = 0.0) -> None:
    """Draw a standing figure with a hood; `lean` moves the head sideways."""
    x, y = feet
    u = height / 100

    def at(dx: float, up: float) -> Point:
        return x + (dx + lean * up / 100) * u, y - up * u

    for side in (-1, 1):  # legs, then boots
        scene.line([at(side * 5, 48), at(side * 8, 25), at(side * 9, 3)], colour, 10 * u)
        scene.line([at(side * 9, 3), at(side * 15, 2)], colour, 5 * u)
    torso = [(-13, 80), (-6, 86), (6, 86), (13, 80), (12, 60), (10, 44), (-10, 44), (-12, 60)]
    scene.shape([at(dx, up) for dx, up in torso], colour)
    hood = [(-8, 84), (-9, 92), (-5, 99), (0, 101), (5, 99), (9, 92), (8, 84)]
    scene.shape([at(dx, up) for dx, up in hood], colour)


def arm(scene: Scene, joints: Sequence[Point], colour: Colour, width: float) -> None:
    """Draw an arm from shoulder to hand."""
    scene.line(joints, colour, width)


# --- the scenes ----------------------------------------------------------------------------------


def hallway() -> Image.Image:
    """An intruder with a torch at the end of a hallway, in infrared."""
    scene = Scene((52, 52, 52), (40, 40, 40))
    far = (238, 150, 402, 330)  # the far wall
    left, top, right, bottom = far
    scene.shape([(0, 0), (640, 0), (right, top), (left, top)], (64, 64, 64))
    scene.shape([(0, 480), (640, 480), (right, bottom), (left, bottom)], (84, 84, 84))
    scene.shape([(0, 0), (left, top), (left, bottom), (0, 480)], (104, 104, 104))
    scene.shape([(640, 0), (right, top), (right, bottom), (640, 480)], (94, 94, 94))
    scene.box(far, (74, 74, 74))
    for i in range(1, 9):  # floor boards
        x = 640 * i / 9
        scene.line([(x, 480), (left + (right - left) * i / 9, bottom)], (70, 70, 70), 1.4)
    for depth in (0.12, 0.5):  # doors on both sides
        for mirror in (False, True):
            door = [_wall(depth, 0.30), _wall(depth + 0.26, 0.30)]
            door += [_wall(depth + 0.26, 1.0), _wall(depth, 1.0)]
            knob = _wall(depth + 0.22, 0.68)
            if mirror:
                door = [(640 - x, y) for x, y in door]
                knob = (640 - knob[0], knob[1])
            scene.shape(door, (128, 128, 128) if not mirror else (116, 116, 116))
            scene.line([*door, door[0]], (60, 60, 60), 2)
            scene.oval(knob, (4 - 4 * depth, 4 - 4 * depth), (40, 40, 40))
    rug = [(270, 340), (370, 340), (470, 480), (170, 480)]
    scene.shape(rug, (58, 58, 58))
    scene.line([(280, 345), (190, 480)], (110, 110, 110), 2)
    scene.line([(360, 345), (450, 480)], (110, 110, 110), 2)
    scene.oval((320, 404), (62, 10), (30, 30, 30), blur=7, alpha=200)
    person(scene, (320, 404), 232, (16, 16, 16), lean=-4)
    arm(scene, [(294, 222), (278, 262), (262, 290)], (16, 16, 16), 17)
    arm(scene, [(340, 222), (364, 258), (350, 286)], (16, 16, 16), 17)
    scene.line([(262, 290), (248, 296)], (200, 200, 200), 8)  # the torch
    beam = [(250, 290), (250, 302), (-30, 470), (-30, 250)]
    scene.glow(beam, (150, 150, 150), blur=10)
    scene.lamp((246, 296), 16, (255, 255, 255), blur=6)
    scene.lamp((246, 296), 40, (120, 120, 120), blur=22)
    grey = ImageOps.colorize(scene.image.convert("L"), (4, 8, 7), (232, 246, 238))
    return finish(grey, "CAM 1  HALLWAY", noise=6, seed=1)


def _wall(depth: float, height: float) -> Point:
    """Return a point on the left wall; depth 0 (near) .. 1 (far), height 0 (top) .. 1 (floor)."""
    x = 238 * depth
    top, bottom = 150 * depth, 480 - 150 * depth
    return x, top + (bottom - top) * height


def kitchen() -> Image.Image:
    """A pan on fire."""
    scene = Scene((70, 46, 34), (48, 30, 24))
    for row in range(4):  # tiles
        for column in range(11):
            shade = 8 * ((row * 7 + column * 3) % 3)
            x, y = 64 * column + (32 if row % 2 else 0) - 32, 150 + 40 * row
            scene.box((x + 1, y + 1, x + 63, y + 39), (104 + shade, 78 + shade, 62 + shade), 2)
    for i in range(3):  # cupboards
        x = 16 + 212 * i
        if i != 1:
            scene.box((x, -20, x + 184, 118), (82, 56, 42), 5)
            scene.box((x + 10, -10, x + 174, 108), (92, 64, 48), 4)
            scene.oval((x + (160 if i == 0 else 24), 92), (5, 5), (210, 180, 140))
    hood = [(250, 0), (390, 0), (410, 96), (230, 96)]
    scene.shape(hood, (96, 92, 90))
    scene.box((222, 94, 418, 112), (120, 114, 110), 3)
    scene.box((0, 310, 640, 334), (150, 118, 92), 2)  # worktop
    scene.box((0, 334, 640, 480), (66, 44, 34))
    scene.box((206, 334, 434, 480), (52, 50, 52))  # the cooker
    scene.box((228, 372, 412, 462), (24, 22, 24), 8)
    scene.box((236, 352, 404, 360), (150, 146, 144), 4)
    for i in range(4):
        scene.oval((250 + 46 * i, 344), (6, 4), (180, 176, 170))
    for x in (20, 450):
        scene.box((x, 352, x + 170, 470), (78, 52, 40), 4)
        scene.box((x + 66, 362, x + 104, 368), (200, 170, 130), 3)
    scene.box((60, 258, 84, 310), (170, 60, 40), 4)  # bottle, jar, board
    scene.box((67, 236, 77, 262), (170, 60, 40), 2)
    scene.box((100, 270, 140, 310), (190, 170, 140), 6)
    scene.box((520, 220, 590, 310), (140, 96, 60), 6)
    scene.oval((320, 301), (92, 9), (16, 14, 14))  # the pan
    scene.shape([(228, 300), (412, 300), (398, 318), (242, 318)], (20, 18, 18))
    scene.line([(408, 300), (500, 290)], (16, 14, 14), 9)
    chance = random.Random(7)
    layers = (((200, 40, 4), 1.0), ((250, 110, 10), 0.72), ((255, 200, 60), 0.46))
    for colour, size in (*layers, ((255, 246, 200), 0.22)):
        scene.glow(_flame(320, 302, 88 * size, 236 * size, chance), colour, blur=3)
        scene.shape(_flame(320, 302, 74 * size, 216 * size, chance), colour, blur=2.5, alpha=225)
    for _ in range(26):  # sparks
        spark = chance.gauss(320, 62), chance.uniform(20, 240)
        scene.oval(spark, (1.8, 1.8), (255, 190, 80))
    scene.lamp((320, 210), 120, (190, 84, 20), blur=60)
    scene.lamp((320, 300), 230, (96, 40, 10), blur=80)
    for _ in range(22):  # smoke under the ceiling
        centre = (chance.gauss(330, 190), chance.uniform(-10, 66))
        size = chance.uniform(40, 90)
        scene.oval(centre, (size, size * 0.45), (44, 38, 36), blur=20, alpha=120)
    return finish(scene.image, "CAM 2  KITCHEN", noise=4, seed=2)


def _flame(x: float, y: float, width: float, height: float, chance: random.Random) -> list[Point]:
    """Return a flame's outline: tongues of changing height on a broad foot."""
    points: list[Point] = [(x - width, y)]
    tongues = 7
    for i in range(tongues):
        along = -1 + 2 * (i + 0.5) / tongues
        reach = (1 - abs(along) ** 1.6) * chance.uniform(0.72, 1.0)
        points.append((x + width * along + chance.uniform(-6, 6), y - height * reach))
        notch = -1 + 2 * (i + 1) / tongues
        reach = (1 - abs(notch) ** 1.6) * chance.uniform(0.38, 0.55)
        points.append((x + width * notch, y - height * reach))
    points.append((x + width, y))
    return points


def front_door() -> Image.Image:
    """A figure in the front door, moonlight behind."""
    scene = Scene((40, 44, 58), (30, 32, 42))
    scene.shape([(0, 392), (640, 392), (640, 480), (0, 480)], (58, 50, 48))  # floor
    scene.box((0, 384, 640, 394), (74, 72, 80))
    scene.box((204, 52, 436, 394), (88, 84, 92), 2)  # frame
    scene.box((216, 64, 424, 394), (22, 34, 66))
    night = _gradient((16, 26, 64), (74, 96, 140)).resize((208 * SCALE, 330 * SCALE))
    scene.image.paste(night, (216 * SCALE, 64 * SCALE))
    chance = random.Random(3)
    for _ in range(40):
        x, y = chance.uniform(220, 420), chance.uniform(68, 210)
        scene.oval((x, y), (0.9, 0.9), (220, 226, 240))
    scene.oval((384, 106), (19, 19), (250, 246, 226))
    scene.lamp((384, 106), 30, (90, 100, 120), blur=16)
    for x, size in ((216, 60), (256, 44), (392, 56), (424, 66)):  # trees
        scene.shape([(x - 26, 330), (x, 330 - size * 2), (x + 26, 330)], (14, 24, 40))
    scene.box((216, 326, 424, 394), (30, 42, 62))
    path = [(296, 326), (344, 326), (400, 394), (240, 394)]
    scene.shape(path, (92, 104, 128))
    # The mask of the opening keeps trees off the frame.
    scene.box((196, 52, 216, 394), (88, 84, 92))
    scene.box((424, 52, 444, 394), (88, 84, 92))
    leaf = [(444, 56), (566, 18), (566, 448), (444, 394)]  # the open door
    scene.shape(leaf, (116, 60, 44))
    for y in (86, 236):
        panel = [(462, y), (546, y - 26), (546, y + 126), (462, y + 116)]
        scene.shape(panel, (96, 48, 36))
        scene.line([*panel, panel[0]], (134, 74, 56), 2)
    scene.oval((552, 250), (6, 8), (220, 190, 110))
    light = [(224, 394), (416, 394), (560, 480), (80, 480)]
    scene.glow(light, (60, 74, 104), blur=8)
    scene.shape([(292, 398), (348, 398), (366, 480), (262, 480)], (22, 22, 32), blur=4, alpha=220)
    person(scene, (320, 400), 262, (10, 11, 18))
    arm(scene, [(292, 192), (268, 240), (274, 286)], (10, 11, 18), 19)
    arm(scene, [(348, 192), (388, 222), (430, 212)], (10, 11, 18), 19)
    scene.line([(274, 276), (266, 346)], (80, 84, 96), 5)  # a crowbar
    scene.line([(266, 346), (256, 350)], (80, 84, 96), 5)
    scene.box((40, 150, 120, 230), (70, 60, 52), 3)  # picture, shelf, umbrella stand
    scene.box((48, 158, 112, 222), (104, 116, 120), 1)
    scene.shape([(48, 222), (76, 182), (92, 204), (100, 194), (112, 222)], (70, 86, 84))
    scene.box((24, 300, 156, 310), (92, 72, 56), 2)
    scene.box((40, 310, 50, 392), (78, 60, 46))
    scene.box((130, 310, 140, 392), (78, 60, 46))
    scene.box((74, 270, 100, 300), (120, 84, 70), 8)
    for dx in (-18, -6, 8, 20):
        scene.line([(87, 272), (87 + dx, 228 + abs(dx))], (60, 92, 64), 5)
    return finish(scene.image, "CAM 3  FRONT DOOR", noise=5, seed=3)


def bedroom() -> Image.Image:
    """Somebody in bed reaches for the panic button, by lamp light."""
    scene = Scene((66, 56, 74), (48, 40, 54))
    scene.shape([(0, 380), (640, 380), (640, 480), (0, 480)], (58, 46, 44))
    scene.box((400, 60, 560, 220), (90, 80, 96), 3)  # window
    scene.box((410, 70, 550, 210), (20, 28, 60))
    scene.line([(480, 70), (480, 210)], (90, 80, 96), 5)
    scene.line([(410, 140), (550, 140)], (90, 80, 96), 5)
    for x0, x1 in ((376, 420), (540, 584)):
        scene.box((x0, 48, x1, 262), (110, 66, 84), 6)
        for x in range(x0 + 8, x1, 10):
            scene.line([(x, 54), (x, 256)], (92, 52, 70), 2)
    scene.line([(366, 50), (594, 50)], (150, 130, 110), 6)
    scene.box((116, 196, 146, 420), (94, 62, 44), 6)  # headboard and bed
    scene.box((130, 318, 560, 400), (108, 74, 54), 6)
    scene.box((540, 290, 566, 424), (94, 62, 44), 6)
    scene.box((142, 288, 548, 350), (220, 214, 208), 14)
    scene.oval((190, 280), (46, 24), (236, 230, 226))  # pillow
    scene.oval((196, 286), (40, 18), (226, 218, 214))
    shirt, skin, hair = (92, 128, 160), (216, 168, 140), (60, 42, 36)
    scene.shape([(216, 312), (212, 236), (232, 214), (270, 214), (288, 238), (292, 312)], shirt)
    scene.oval((250, 186), (23, 28), skin)
    scene.shape([(226, 186), (224, 160), (250, 150), (276, 160), (275, 182), (266, 168)], hair)
    scene.oval((249, 162), (26, 14), hair)
    scene.oval((258, 188), (2.4, 3), (40, 30, 30))
    scene.oval((240, 188), (2.4, 3), (40, 30, 30))
    scene.oval((250, 202), (5, 4), (120, 50, 50))
    quilt = [(206, 320), (240, 292), (330, 286), (430, 276), (500, 288), (556, 316)]
    scene.shape([*quilt, (558, 408), (212, 408)], (70, 92, 132))
    for i in range(6):
        x = 236 + 56 * i
        scene.line([(x, 298), (x + 12, 404)], (58, 78, 116), 2)
    arm(scene, [(222, 240), (172, 262), (112, 258)], shirt, 18)
    scene.oval((104, 257), (10, 8), skin)
    arm(scene, [(282, 244), (312, 272), (296, 296)], shirt, 18)
    scene.oval((296, 300), (9, 8), skin)
    scene.box((30, 290, 116, 420), (104, 70, 50), 4)  # bedside table
    scene.box((38, 330, 108, 370), (88, 58, 42), 3)
    scene.oval((73, 350), (5, 4), (200, 170, 120))
    scene.line([(52, 290), (52, 226)], (150, 130, 110), 5)  # lamp
    scene.shape([(28, 228), (76, 228), (66, 182), (38, 182)], (255, 226, 160))
    scene.lamp((52, 214), 46, (190, 140, 70), blur=28)
    scene.lamp((80, 250), 160, (100, 70, 34), blur=70)
    scene.box((84, 270, 112, 290), (230, 230, 226), 4)  # the panic button
    scene.oval((98, 268), (9, 6), (240, 40, 40))
    scene.lamp((98, 266), 12, (220, 30, 30), blur=9)
    return finish(scene.image, "CAM 4  BEDROOM", noise=4, seed=4)


def living_room() -> Image.Image:
    """A quiet room by day with a cat: what a customer looks at from work."""
    scene = Scene((226, 214, 194), (206, 190, 168))
    scene.shape([(0, 372), (640, 372), (640, 480), (0, 480)], (168, 126, 88))
    for i in range(-3, 14):
        scene.line([(i * 56, 480), (150 + i * 30, 372)], (150, 110, 76), 1.4)
    scene.box((0, 364, 640, 374), (240, 234, 224))
    scene.box((58, 48, 266, 236), (246, 242, 234), 3)  # window with a summer's day
    sky = _gradient((120, 178, 226), (206, 228, 240)).resize((188 * SCALE, 168 * SCALE))
    scene.image.paste(sky, (68 * SCALE, 58 * SCALE))
    scene.oval((104, 98), (26, 9), (250, 250, 250), blur=3)
    scene.oval((204, 84), (32, 10), (250, 250, 250), blur=3)
    scene.shape(
        [(68, 226), (68, 190), (130, 170), (196, 192), (256, 176), (256, 226)], (96, 150, 84)
    )
    scene.line([(162, 58), (162, 226)], (246, 242, 234), 7)
    scene.box((50, 232, 274, 246), (236, 230, 220), 2)
    for x0, x1 in ((30, 72), (252, 294)):
        scene.box((x0, 40, x1, 330), (206, 104, 72), 6)
        for x in range(x0 + 8, x1, 11):
            scene.line([(x, 46), (x, 324)], (184, 86, 58), 2)
    scene.line([(18, 40), (306, 40)], (120, 90, 66), 6)
    scene.box((362, 62, 520, 172), (70, 56, 46), 2)  # painting
    scene.box((372, 72, 510, 162), (236, 206, 140), 1)
    scene.oval((470, 104), (17, 17), (232, 112, 64))
    scene.shape(
        [(372, 162), (372, 132), (420, 104), (462, 140), (510, 120), (510, 162)], (62, 108, 120)
    )
    scene.oval((420, 430), (250, 30), (196, 74, 62))  # rug
    scene.oval((420, 430), (226, 24), (216, 176, 130))
    scene.box((300, 232, 590, 330), (62, 108, 116), 18)  # sofa
    scene.box((276, 276, 330, 392), (54, 96, 104), 16)
    scene.box((560, 276, 614, 392), (54, 96, 104), 16)
    scene.box((320, 314, 572, 392), (72, 122, 130), 10)
    scene.line([(446, 322), (446, 384)], (54, 96, 104), 3)
    scene.box((296, 388, 310, 408), (80, 56, 40), 2)
    scene.box((580, 388, 594, 408), (80, 56, 40), 2)
    scene.box((336, 262, 398, 322), (234, 186, 84), 12)  # cushion
    cat = (58, 48, 46)
    scene.oval((504, 300), (44, 22), cat)
    scene.oval((468, 284), (20, 17), cat)
    scene.shape([(452, 276), (454, 256), (466, 269)], cat)
    scene.shape([(470, 269), (482, 256), (485, 276)], cat)
    scene.line([(540, 306), (560, 318), (546, 326), (520, 322)], cat, 8)
    scene.oval((462, 283), (2.6, 3), (230, 206, 90))
    scene.oval((475, 283), (2.6, 3), (230, 206, 90))
    scene.box((128, 330, 176, 392), (178, 98, 66), 6)  # plant
    for dx, dy in (
        (-52, -70),
        (-30, -112),
        (-4, -128),
        (26, -108),
        (50, -66),
        (-66, -26),
        (64, -24),
    ):
        scene.line(
            [(152, 334), (152 + dx * 0.5, 334 + dy * 0.8), (152 + dx, 334 + dy)], (58, 116, 70), 9
        )
    scene.glow([(80, 372), (250, 372), (360, 480), (110, 480)], (70, 58, 30), blur=9)
    scene.lamp((160, 140), 120, (60, 54, 40), blur=60)
    return finish(scene.image, "CAM 5  LIVING ROOM", noise=2, seed=5)


def garage() -> Image.Image:
    """A figure slips under the garage door, in infrared."""
    scene = Scene((58, 58, 58), (46, 46, 46))
    scene.shape([(0, 352), (640, 352), (640, 480), (0, 480)], (88, 88, 88))
    scene.box((60, 40, 410, 352), (50, 50, 50))
    for i in range(6):  # the door, half open
        y = 46 + 26 * i
        scene.box((68, y, 402, y + 23), (128 - 4 * i, 128 - 4 * i, 128 - 4 * i), 2)
    scene.box((68, 206, 402, 352), (96, 96, 96))  # rain and a hedge in the infrared light
    for i in range(7):
        scene.oval((116 + 40 * i, 330), (34, 40), (78, 78, 78), blur=3)
    scene.box((68, 336, 402, 352), (104, 104, 104))
    chance = random.Random(6)
    for _ in range(90):
        x, top = chance.uniform(72, 398), chance.uniform(208, 340)
        scene.line([(x, top), (x - 2, top + 9)], (150, 150, 150), 1)
    for y in (96, 190):  # shelf
        scene.box((462, y + 44, 626, y + 52), (140, 140, 140), 1)
        for i in range(4):
            x, tall = 470 + 38 * i, chance.uniform(22, 40)
            shade = round(chance.uniform(80, 170))
            scene.box((x, y + 44 - tall, x + 30, y + 44), (shade, shade, shade), 3)
    scene.line([(468, 52), (468, 352)], (120, 120, 120), 6)
    scene.line([(620, 52), (620, 352)], (120, 120, 120), 6)
    ink = (18, 18, 18)
    scene.oval((250, 392), (110, 12), (40, 40, 40), blur=8, alpha=200)
    scene.line([(214, 300), (258, 330), (236, 384), (262, 388)], ink, 25)  # legs
    scene.line([(216, 302), (190, 346), (152, 380), (172, 388)], ink, 24)
    scene.shape([(190, 312), (208, 264), (274, 226), (306, 244), (292, 280), (238, 322)], ink)
    scene.oval((312, 230), (27, 29), ink)
    scene.oval((324, 234), (13, 15), (150, 150, 150))
    scene.oval((321, 231), (2.6, 2.6), (255, 255, 255))
    scene.oval((331, 231), (2.6, 2.6), (255, 255, 255))
    scene.line([(294, 258), (330, 304), (356, 352)], ink, 18)
    scene.line([(272, 250), (262, 302), (306, 330)], ink, 18)
    scene.shape([(160, 288), (214, 252), (234, 296), (182, 330)], (62, 62, 62))  # a bag
    scene.line([(178, 300), (220, 276)], (110, 110, 110), 3)
    body = [(392, 480), (400, 398), (452, 384), (486, 322), (640, 316), (640, 480)]
    scene.shape(body, (168, 168, 168))  # a parked car
    scene.shape([(470, 384), (498, 334), (560, 332), (560, 384)], (30, 30, 30))
    scene.shape([(572, 384), (572, 332), (640, 328), (640, 384)], (30, 30, 30))
    scene.line([(566, 388), (566, 480)], (110, 110, 110), 2)
    scene.line([(404, 412), (640, 406)], (200, 200, 200), 3)
    scene.oval((456, 474), (42, 42), (24, 24, 24))
    scene.oval((456, 474), (22, 22), (130, 130, 130))
    scene.oval((410, 424), (9, 12), (250, 250, 250))
    scene.lamp((320, 250), 180, (44, 44, 44), blur=90)
    grey = ImageOps.colorize(scene.image.convert("L"), (5, 7, 10), (236, 242, 248))
    return finish(grey, "CAM 6  GARAGE", noise=6, seed=6)


# --- what a camera adds --------------------------------------------------------------------------


def finish(image: Image.Image, place: str, noise: int, seed: int) -> Image.Image:
    """Scale down; add lens, sensor noise and the caption."""
    image = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    image = image.filter(ImageFilter.GaussianBlur(0.5))
    edge = Image.radial_gradient("L").resize((WIDTH, HEIGHT))
    image = Image.composite(
        ImageEnhance.Brightness(image).enhance(0.5), image, edge.point(_vignette)
    )
    grain = Image.frombytes("L", (WIDTH, HEIGHT), random.Random(seed).randbytes(WIDTH * HEIGHT))
    grain = grain.filter(ImageFilter.GaussianBlur(0.8)).point(
        lambda v: round(128 + (v - 128) * noise / 40)
    )
    image = ImageChops.add(image, Image.merge("RGB", (grain,) * 3), 1, -128)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(20)
    _caption(draw, (16, HEIGHT - 36), place, font, (255, 255, 255))
    width = draw.textlength("SAMPLE PICTURE", font)
    _caption(draw, (WIDTH - 16 - width, HEIGHT - 36), "SAMPLE PICTURE", font, (255, 214, 64))
    return image


def _vignette(value: int) -> int:
    return max(0, value - 110)


def _caption(
    draw: ImageDraw.ImageDraw,
    at: Point,
    text: str,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    colour: Colour,
) -> None:
    draw.text(at, text, fill=colour, font=font, stroke_width=2, stroke_fill=(0, 0, 0))


def _gradient(top: Colour, bottom: Colour) -> Image.Image:
    size = (WIDTH * SCALE, HEIGHT * SCALE)
    ramp = Image.linear_gradient("L").resize(size)
    return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), ramp)


def _scaled(points: Sequence[Point]) -> list[Point]:
    return [(x * SCALE, y * SCALE) for x, y in points]


def encode(image: Image.Image) -> bytes:
    """Return the picture as a baseline JPEG, as good as LARGEST_BYTES allow."""
    for quality in range(84, 20, -4):
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
        if buffer.tell() <= LARGEST_BYTES:
            return buffer.getvalue()
    raise ValueError("a scene has too much detail")


SCENES: tuple[tuple[str, Callable[[], Image.Image]], ...] = (
    ("hallway", hallway),
    ("kitchen", kitchen),
    ("front-door", front_door),
    ("bedroom", bedroom),
    ("living-room", living_room),
    ("garage", garage),
)


def main() -> int:
    """Draw all scenes and write them."""
    FOLDER.mkdir(exist_ok=True)
    for name, draw in SCENES:
        jpeg = encode(draw())
        (FOLDER / f"{name}.jpg").write_bytes(jpeg)
        print(f"{name}.jpg {len(jpeg)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
