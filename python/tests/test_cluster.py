"""A cluster of real workers, on loopback."""
import os
import random
import socket
import subprocess
import tempfile
import unittest

from support import classifier, silent

import actorhutch


def free_port():
    """A port that was free a moment ago, and none that a system gives away by itself to whoever connects somewhere."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
                return port
            except OSError:  # in use: another, then
                continue


@unittest.skipUnless(os.environ.get("ACTORHUTCH_WORKER"), "the environment variable ACTORHUTCH_WORKER does not say where actorhutch-worker is")
class ClusterTests(unittest.TestCase):
    def worker(self, address, name):
        caches = tempfile.TemporaryDirectory()
        self.addCleanup(caches.cleanup)
        process = subprocess.Popen(
            [os.environ["ACTORHUTCH_WORKER"], "--seed-nodes", address, "--join-timeout", "120", "--id", name, "--device", "cpu",
             "--cache", caches.name],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

    def test_two_workers_give_the_bits_of_one(self):
        net, data = classifier()
        job = {"probes": 60, "v_batch": 1, "probe_space": "parameter", "quiet": True}
        address = "127.0.0.1:%d" % free_port()
        for name in ("a", "b"):
            self.worker(address, name)
        with silent() as shown:
            try:
                found = actorhutch.trace(net, None, data, cluster=True, listen=address, min_workers=2, join_timeout=120, **job)
            except actorhutch.Error as error:
                self.fail("%s\n%s" % (error, shown.getvalue()))
        self.assertEqual({"a", "b"}, {worker["id"] for worker in found.report["workers"]})
        alone = actorhutch.trace(net, None, data, workers=1, device="cpu", **job)
        self.assertEqual((alone.trace, alone.standard_error, alone.confidence, alone.blocks), (
            found.trace, found.standard_error, found.confidence, found.blocks))


if __name__ == "__main__":
    unittest.main()
