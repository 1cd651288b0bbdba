"""A hand that writes on the page's canvas: with a mouse, a finger or a pen, by the browser's own pointer events."""

from playwright.sync_api import Page

from tests.drawings import STROKES

Stroke = list[tuple[float, float]]  # points, the canvas being 1 x 1
EVERY = 3  # a hand's points lie further apart than a drawing's


def strokes(label: str, *, left: float = 0.3, top: float = 0.2, height: float = 0.6) -> list[Stroke]:
    """A character as people write it; its place and height are parts of the canvas's side."""
    return [[(left + x * height, top + y * height) for x, y in thinned(stroke)] for stroke in STROKES[label]]


def thinned(stroke: Stroke) -> Stroke:
    return stroke if len(stroke) < 10 else [*stroke[:-1:EVERY], stroke[-1]]


class Mouse:
    """down, move and up take places on the canvas, the canvas being 1 x 1; press and drag take pixels of the window."""

    def __init__(self, page: Page):
        self.page = page
        self.canvas = {}

    def write(self, drawing: list[Stroke]):
        for stroke in drawing:
            self.down(*stroke[0])
            for point in stroke[1:]:
                self.move(*point)
            self.up()

    def down(self, x: float, y: float):
        self.canvas = self.page.locator("[data-pad]").bounding_box()
        self.press(*self.at(x, y))

    def move(self, x: float, y: float):
        self.drag(*self.at(x, y))

    def at(self, x: float, y: float) -> tuple[float, float]:
        box = self.canvas
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def press(self, left: float, top: float):
        self.page.mouse.move(left, top)
        self.page.mouse.down()

    def drag(self, left: float, top: float):
        self.page.mouse.move(left, top)

    def up(self):
        self.page.mouse.up()


class Finger(Mouse):
    def __init__(self, page: Page):
        super().__init__(page)
        self.devtools = page.context.new_cdp_session(page)

    def swipe(self, left: float, top: float, *, up: float):
        self.press(left, top)
        for part in range(1, 11):
            self.drag(left, top - up * part / 10)
        self.up()

    def press(self, left: float, top: float):
        self._touch("touchStart", {"x": left, "y": top})

    def drag(self, left: float, top: float):
        self._touch("touchMove", {"x": left, "y": top})

    def up(self):
        self._touch("touchEnd")

    def _touch(self, kind: str, *points: dict):
        self.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


class Pen(Mouse):
    def __init__(self, page: Page):
        super().__init__(page)
        self.devtools = page.context.new_cdp_session(page)
        self.place = {}

    def press(self, left: float, top: float):
        self._point("mousePressed", left, top)

    def drag(self, left: float, top: float):
        self._point("mouseMoved", left, top)

    def up(self):
        self._point("mouseReleased", **self.place)

    def _point(self, kind: str, left: float, top: float):
        self.place = {"left": left, "top": top}
        nib = {"pointerType": "pen", "button": "left", "buttons": 1, "clickCount": 1}
        self.devtools.send("Input.dispatchMouseEvent", {"type": kind, "x": left, "y": top, **nib})


def ink(page: Page) -> float:
    """The part of the canvas that is covered with ink."""
    return page.locator("[data-pad]").evaluate(
        """(canvas) => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let covered = 0;
            for (let i = 3; i < data.length; i += 4) covered += data[i] > 127;
            return covered / (data.length / 4);
        }"""
    )
