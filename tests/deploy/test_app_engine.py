import pytest
import yaml

from app.settings import SETTINGS
from tests.deploy.container import ROOT

SERVICE = yaml.safe_load((ROOT / "app.yaml").read_text(encoding="utf-8"))


def test_its_settings_are_the_apps():
    assert SERVICE["env_variables"].keys() <= {setting.name for setting in SETTINGS}


@pytest.mark.parametrize("check", ["readiness_check", "liveness_check"])
def test_its_checks_are_answered(client, check):
    assert client.get(SERVICE[check]["path"]).status_code == 200
