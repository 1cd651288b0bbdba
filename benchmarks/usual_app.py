"""The usual app, as a hundred tutorials build it: Flask, and Keras `model.predict` on the picture reduced to 28 x 28.

    gunicorn benchmarks.usual_app:app

It takes the same request as ours, and answers with as much.
"""

import base64
import io

import numpy as np
from flask import Flask, request
from PIL import Image

from benchmarks.usual_network import LABELS, load

app = Flask(__name__)
models = {mode: load(mode) for mode in LABELS}


@app.post("/api/predict")
def predict():
    question = request.get_json()
    probabilities = models[question["mode"]].predict(prepare(question["image"]), verbose=0)[0]
    labels = LABELS[question["mode"]]
    best = int(probabilities.argmax())
    return {
        "prediction": labels[best],
        "confidence": float(probabilities[best]),
        "probabilities": dict(zip(labels, probabilities.tolist(), strict=True)),
    }


def prepare(data_url: str) -> np.ndarray:
    """A picture as close to MNIST's as the usual app goes: grey, 28 x 28, bright on dark; (1, 28, 28, 1) float32."""
    picture = Image.open(io.BytesIO(base64.b64decode(data_url.partition(",")[2]))).convert("L").resize((28, 28))
    pixels = np.asarray(picture, np.float32) / 255
    if pixels.mean() > 0.5:
        pixels = 1 - pixels
    return pixels.reshape(1, 28, 28, 1)
