"""A browser without a screen, driven over HTTP by chromedriver (WebDriver)."""

import base64
import json
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

from commands import free_port

BROWSER = next(
    filter(None, map(shutil.which, ('chromium', 'google-chrome'))), None
)
DRIVER = shutil.which('chromedriver')
_FLAGS = (
    *('--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run'),
    *('--disable-quic', '--disable-background-networking'),
    *('--disable-component-update', '--disable-sync'),
    '--disable-dev-shm-usage',
)


class Browser:
    """A session; leaves nothing behind.

    Args:
        folder (Path): Where it keeps its profile and saves downloads.
        dark (bool): Whether pages are dark. Defaults to False.
        touch (bool): Whether it is one of a phone. Defaults to False.
    """

    def __init__(self, folder, dark=False, touch=False):
        self.downloads = Path(folder, 'downloads')
        self.downloads.mkdir(parents=True)
        port = free_port()
        self.base = f'http://127.0.0.1:{port}/session'
        self.driver = subprocess.Popen(
            [DRIVER, f'--port={port}'], stdout=subprocess.DEVNULL
        )
        profile = Path(folder, 'profile')
        args = [*_FLAGS, f'--user-data-dir={profile}']
        args += ['--force-dark-mode'] * dark
        options = dict(
            binary=BROWSER,
            args=args,
            prefs={'download.default_directory': str(self.downloads)},
        )
        wanted = {
            'goog:chromeOptions': options,
            'goog:loggingPrefs': dict(browser='ALL'),
        }
        try:
            made = self._open(dict(capabilities=dict(alwaysMatch=wanted)))
            self.base += f'/{made["sessionId"]}'
            scheme = 'dark' if dark else 'light'
            self.devtools(
                'Emulation.setEmulatedMedia',
                features=[dict(name='prefers-color-scheme', value=scheme)],
            )
            if touch:
                self.devtools(
                    'Emulation.setTouchEmulationEnabled', enabled=True
                )
        except BaseException:
            self.driver.terminate()
            raise

    def _open(self, wanted):
        for _ in range(100):
            try:
                return self.send('', wanted)
            except ConnectionError:
                time.sleep(0.2)
        raise TimeoutError('chromedriver does not answer')

    def send(self, path, body=None, method=None):
        """What WebDriver answers."""
        request = urllib.request.Request(
            self.base + path,
            None if body is None else json.dumps(body).encode(),
            {'Content-Type': 'application/json'},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)['value']
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()[:600]) from None
        except urllib.error.URLError as error:
            raise ConnectionError(str(error)) from None

    def devtools(self, command, **params):
        return self.send('/goog/cdp/execute', dict(cmd=command, params=params))

    def open(self, path, width=1280, height=800, ratio=1):
        self.devtools(
            'Emulation.setDeviceMetricsOverride',
            width=width,
            height=height,
            deviceScaleFactor=ratio,
            mobile=width < 600,
        )
        self.send('/url', dict(url=Path(path).resolve().as_uri()))

    def run(self, script):
        """What a script returns."""
        return self.send('/execute/sync', dict(script=script, args=[]))

    def pointer(self, *steps, kind='mouse'):
        """Move, press and release: ``(x, y)``, ``'down'`` or ``'up'``."""
        actions = [
            dict(type=f'pointer{step.title()}', button=0)
            if isinstance(step, str)
            else dict(type='pointerMove', x=step[0], y=step[1], duration=30)
            for step in steps
        ]
        source = dict(
            type='pointer',
            id=kind,
            parameters=dict(pointerType=kind),
            actions=actions,
        )
        self.send('/actions', dict(actions=[source]))

    def keys(self, text):
        actions = [
            dict(type=f'key{way}', value=key)
            for key in text
            for way in ('Down', 'Up')
        ]
        keys = dict(type='key', id='keys', actions=actions)
        self.send('/actions', dict(actions=[keys]))

    def wait(self, script, seconds=10):
        """Until a script returns something true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = self.run(script)
            if value:
                return value
            time.sleep(0.1)
        raise AssertionError(f'never true: {script}')

    def errors(self):
        """What the console said, and what was blocked."""
        return [
            entry['message']
            for entry in self.send('/se/log', dict(type='browser'))
        ]

    def screenshot(self, path):
        Path(path).write_bytes(base64.b64decode(self.send('/screenshot')))

    def close(self):
        try:
            self.send('', method='DELETE')
        finally:
            self.driver.terminate()
            self.driver.wait(20)
