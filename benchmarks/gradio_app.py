"""A Gradio sketchpad with Inkloop's models, as Gradio's documentation builds one.

    HOST=127.0.0.1 PORT=7860 benchmarks/.cache/gradio/bin/python -m benchmarks.gradio_app

It runs in an environment of its own, which `benchmarks.gradio_environment` makes.
"""

import os
import sys
from pathlib import Path
from types import ModuleType

import gradio as gr

ROOT = Path(__file__).parent.parent
# Of `app` recognition alone: the package itself would bring Flask.
app = sys.modules["app"] = ModuleType("app")
app.__path__ = [str(ROOT / "app")]

from app.recognition.preprocessing import preprocess  # noqa: E402
from app.recognition.recognizer import MODES, Recognizer  # noqa: E402

recognizer = Recognizer.load(ROOT / "app" / "recognition" / "trained")


def predict(sketch: dict, mode: str) -> dict[str, float]:
    ink = preprocess(sketch["composite"])
    probabilities = recognizer.predict(ink.input[None], mode)[0]
    return dict(zip(recognizer.cards[mode]["labels"], probabilities.tolist(), strict=True))


demo = gr.Interface(
    predict,
    [gr.Sketchpad(type="pil", image_mode="L", canvas_size=(280, 280)), gr.Radio(MODES, value="any")],
    gr.Label(),
    flagging_mode="never",
)

if __name__ == "__main__":
    demo.launch(server_name=os.environ["HOST"], server_port=int(os.environ["PORT"]))
