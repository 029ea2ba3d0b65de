import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("fairness.metrics", {"django", "pandas", "statsmodels", "fairlearn", "sklearn"}),
        ("annotations.agreement", {"django", "pandas", "statsmodels", "krippendorff", "sklearn"}),
        ("annotations.suspicion.detectors", {"django", "pandas", "statsmodels", "krippendorff", "sklearn"}),
    ],
)
def test_the_numeric_modules_load_nothing_heavy_and_no_framework(package, forbidden):
    """They run on every push of a live page and at every web start."""
    program = f"import sys, {package}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not forbidden & set(loaded.stdout.split())
