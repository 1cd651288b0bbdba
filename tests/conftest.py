import pytest

from app import create_app, keeping, playing, serving
from app.recognition.recognizer import Recognizer
from tests.drawings import data_url, draw
from tests.feedback.postgresql_server import NoPostgresql, postgresql_server
from tests.server import served


def pytest_collection_modifyitems(items):
    """The folders whose files take longest come first: what then keeps one worker busy alone at the end is short."""
    items.sort(key=lambda item: item.path.parent.name not in ("browser", "training"))


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """Keeps feedback and the leaderboard in files of its own, as much as tests send."""
    folder = tmp_path_factory.mktemp("store")
    stores = {"FEEDBACK_URL": f"sqlite:///{folder}/feedback.db", "GAME_URL": f"sqlite:///{folder}/game.db"}
    rates = {"FEEDBACK_RATE": "1000 per second", "GAME_RATE": "1000 per second"}
    owner = {"OWNER_TOKEN": "the-token-of-the-tests", "REPORTS_DIR": str(folder)}
    app = create_app({"TESTING": True} | stores | rates | owner)
    yield app
    playing.close(app)
    serving.close(app)
    keeping.close(app)


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture(scope="session")
def recognizer(app) -> Recognizer:
    """The models that the project ships."""
    with app.app_context():
        return serving.recognizer()


@pytest.fixture(scope="session")
def live_server(app):
    """The app behind a real HTTP server; its address."""
    with served(app) as address:
        yield address


@pytest.fixture
def unloaded_client(tmp_path):
    """A client of an app whose models are missing."""
    app = create_app({"TESTING": True, "MODELS_DIR": str(tmp_path)})
    yield app.test_client()
    serving.close(app)


@pytest.fixture(scope="session")
def postgresql_url():
    """An empty database on a real server; tests that use it clear up after themselves."""
    try:
        with postgresql_server() as url:
            yield url
    except NoPostgresql as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def three() -> str:
    """A picture of a 3, as a data URL."""
    return data_url(draw("3"))
