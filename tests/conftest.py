import threading

import pytest
from werkzeug.serving import make_server

from app import create_app, keeping
from app.recognition.recognizer import Recognizer
from tests.drawings import data_url, draw


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """Keeps feedback in a file of its own, as much of it as tests send."""
    store = f"sqlite:///{tmp_path_factory.mktemp('store')}/feedback.db"
    app = create_app({"TESTING": True, "FEEDBACK_URL": store, "FEEDBACK_RATE": "1000 per second"})
    yield app
    keeping.close(app)


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture(scope="session")
def recognizer(app) -> Recognizer:
    """The models that the project ships."""
    return app.extensions["recognizer"]


@pytest.fixture(scope="session")
def live_server(app):
    """The app behind a real HTTP server; its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def unloaded_client(tmp_path):
    """A client of an app whose models are missing."""
    return create_app({"TESTING": True, "MODELS_DIR": str(tmp_path)}).test_client()


@pytest.fixture(scope="session")
def three() -> str:
    """A picture of a 3, as a data URL."""
    return data_url(draw("3"))
