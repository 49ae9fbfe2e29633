# SPDX-License-Identifier: MIT
"""fetch_test.py DATA_SCRIPTS OPEN_SET DOWNLOADER: the scripts that fetch data sets, with curl or wget alone, on
stand-ins whose sums are put in place of the published ones."""
import hashlib
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from server import Server
from stand_ins import SETS

TOOLS = "sh awk basename cut df dirname gzip mkdir mv rm rmdir sha256sum tar".split()
SUM = re.compile(r"^fetch (\S+) ([0-9a-f]{64})$", re.MULTILINE)


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(part) for part in what))


class Bench:
    """A copy of the scripts, a PATH that holds little, and a server."""

    def __init__(self, root, scripts, open_set, downloader):
        self.root, self.open_set, self.count = root, open_set, 0
        self.tools = self.path_of("tools", [*TOOLS, downloader])
        self.scripts = root / "scripts"
        shutil.copytree(scripts, self.scripts)
        self.server = Server({})

    def path_of(self, name, tools):
        folder = self.root / name
        folder.mkdir()
        for tool in tools:
            (folder / tool).symlink_to(shutil.which(tool))
        return folder

    def use(self, script, files):
        """Lets the server have these files, and the script expect them."""
        self.server.files = dict(files)
        self.server.set()
        path = self.scripts / f"{script}.sh"
        text = path.read_text()
        check({name for name, _ in SUM.findall(text)} == set(files), script, "fetches other files than", list(files))
        sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        path.write_text(SUM.sub(lambda line: f"fetch {line[1]} {sums[line[1]]}", text))

    def folder(self):
        self.count += 1
        return self.root / f"set {self.count}"  # with a space, as folders may have

    def start(self, script, *arguments, url=None, tools=None, **options):
        environment = {"PATH": str(tools or self.tools), "PRETEXT_DATA_URL": url or self.server.url() + "/"}
        return subprocess.Popen(["sh", self.scripts / f"{script}.sh", *arguments], env=environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)

    def run(self, script, *arguments, **options):
        process = self.start(script, *arguments, **options)
        said = process.communicate(timeout=120)[0]
        return process.returncode, said

    def succeeds(self, script, folder, **options):
        status, said = self.run(script, folder, **options)
        check(status == 0, script, "ended with", status, "and said", said)
        check(f"{script}: {folder}/{SETS[script][1]} is complete" in said, "no word of completion in", said)
        self.is_complete(script, folder)

    def fails(self, text, script, *arguments, **options):
        status, said = self.run(script, *arguments, **options)
        check(status != 0, script, "succeeded and said", said)
        check(text in said, script, "should say", repr(text), "but says", said)
        return status

    def is_complete(self, script, folder):
        check(not list(folder.rglob("*.part")), "parts are left in", list(folder.rglob("*")))
        inside = folder / SETS[script][1]
        expected = [text.format(inside) for text in SETS[script][2]]
        found = subprocess.run([self.open_set, inside], capture_output=True, text=True, check=True).stdout
        for part, text in zip(("train", "test", "unlabeled"), expected):
            check(f"{part}: {text}\n" in found, "expected", text, "in", found)
        above = subprocess.run([self.open_set, folder], capture_output=True, text=True, check=True).stdout
        check(above == found, "the folder above opens as", above, "not as", found)


def parts(folder):
    return {path.relative_to(folder).as_posix(): path.stat().st_size
            for path in folder.rglob("*.part") if path.is_file()}


def fetched_afresh_and_found_again(bench, script):
    folder = bench.folder()
    bench.succeeds(script, folder / "deep")
    bench.server.set()
    status, said = bench.run(script, folder / "deep")
    check(status == 0 and "is there already" in said, "the second call said", said)
    check(not bench.server.asked, "the second call asked for", bench.server.asked)


def cut_and_resumed(bench, script):
    folder = bench.folder()
    bench.server.set("cut")
    bench.fails("stopped; run it again to go on", script, folder)
    check(not (folder / SETS[script][1]).exists(), "a cut download left a folder that looks complete")
    left = parts(folder)
    check(len(left) == 1, "a cut download should leave one part, not", left)
    name, size = next(iter(left.items()))
    name = pathlib.Path(name).name.removesuffix(".part")
    check(0 < size < len(bench.server.files[name]), "the part has", size, "bytes")
    bench.server.set()
    bench.succeeds(script, folder)
    check((name, size) in bench.server.asked, "it should go on at byte", size, "but asked for", bench.server.asked)
    check((name, 0) not in bench.server.asked, "what was there was fetched again")


def wrong_sum_refused(bench, script):
    folder = bench.folder()
    name = next(iter(bench.server.files))
    right = bench.server.files[name]
    wrong = right[:-1] + bytes([right[-1] ^ 1])
    bench.server.files[name] = wrong
    found, expected = (hashlib.sha256(content).hexdigest() for content in (wrong, right))
    bench.fails(f"{name} has the SHA-256 {found}, not {expected}, and was removed", script, folder)
    left = [path.name for path in folder.rglob("*")]
    check(not left, "a wrong file left", left)
    bench.server.files[name] = right
    bench.succeeds(script, folder)


def stopped_by_ctrl_c_and_resumed(bench, script):
    folder = bench.folder()
    bench.server.set("stall")
    process = bench.start(script, folder, start_new_session=True)
    end = time.monotonic() + 60
    while not any(parts(folder).values() if folder.exists() else ()):
        check(process.poll() is None and time.monotonic() < end, "nothing came:", process.poll())
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=60)[0]
    check(process.returncode == 130, "Ctrl-C gave", process.returncode, said)
    check("interrupted; run it again to go on" in said, "Ctrl-C said", said)
    size = next(iter(parts(folder).values()))
    bench.server.go_on.set()
    bench.server.set()
    bench.succeeds(script, folder)
    check(bench.server.asked[0][1] == size, "it should go on at byte", size, "but asked for", bench.server.asked)


def a_server_without_ranges(bench, script):
    folder = bench.folder()
    bench.server.set("cut")
    bench.fails("stopped", script, folder)
    bench.server.set("from_start")
    bench.succeeds(script, folder)


def what_is_whole_is_taken(bench, script):
    name, content = next(iter(bench.server.files.items()))
    for there in (f"{name}.part", name):
        folder = bench.folder()
        folder.mkdir()
        (folder / there).write_bytes(content)
        bench.succeeds(script, folder)
        check(not bench.server.asked, there, "was there, but it asked for", bench.server.asked)
    folder = bench.folder()
    folder.mkdir()
    (folder / name).write_bytes(b"something else")
    bench.succeeds(script, folder)


def a_disk_that_is_full(bench, script):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    folder = bench.folder()
    bench.fails("MB are free. Run it again to go on", script, folder, preexec_fn=limit, restore_signals=False)
    check(parts(folder), "what had been written should stay")
    bench.succeeds(script, folder)


def what_cannot_be_unpacked(bench, script):
    bench.use(script, {name: content[: len(content) // 2] for name, content in bench.server.files.items()})
    folder = bench.folder()
    bench.fails("cannot be unpacked", script, folder)
    left = [path.name for path in folder.iterdir()]
    check(left == list(bench.server.files), "left", left)


def wrong_calls(bench, script):
    inside = SETS[script][1]
    for arguments in ((), ("",), ("a", "b")):
        bench.fails(f"usage: {script}.sh FOLDER (it will hold {inside}/)", script, *arguments)
    folder = bench.folder()
    bench.fails("curl or wget is needed", script, folder, tools=bench.path_of("no downloader", TOOLS))
    some = [tool for tool in TOOLS if tool != "sha256sum"]
    bench.fails("sha256sum or shasum is needed", script, folder, tools=bench.path_of("no sums", [*some, "curl"]))
    check(not folder.exists(), "a call that could not work made a folder")
    (bench.root / "file").write_text("")
    bench.fails("cannot be made", script, bench.root / "file" / "below")
    bench.fails("stopped", script, folder, url=bench.server.url() + "/elsewhere")


def files_beside(bench, script):
    place = bench.root / "mirror"
    place.mkdir()
    for name, content in bench.server.files.items():
        (place / name).write_bytes(content)
    bench.succeeds(script, bench.folder(), url=f"file://{place}")


EVERY = [fetched_afresh_and_found_again, cut_and_resumed, wrong_sum_refused]
ONCE = [stopped_by_ctrl_c_and_resumed, a_server_without_ranges, what_is_whole_is_taken, a_disk_that_is_full, wrong_calls,
        what_cannot_be_unpacked]


def main(scripts, open_set, downloader):
    missing = [tool for tool in [*TOOLS, downloader] if shutil.which(tool) is None]
    if missing:
        print(f"SKIPPED data_scripts_{downloader}: {', '.join(missing)} not installed")
        return 77
    found = {path.stem for path in pathlib.Path(scripts).glob("get_*.sh")}
    check(found == set(SETS), "the scripts are", found, "and the stand-ins are of", set(SETS))
    cases = [(case, script) for script in SETS for case in EVERY] + [(case, "get_cifar10") for case in ONCE]
    if downloader == "curl":
        cases += [(files_beside, "get_mnist")]
    with tempfile.TemporaryDirectory() as root:
        bench = Bench(pathlib.Path(root).resolve(), scripts, open_set, downloader)
        for case, script in cases:
            bench.use(script, SETS[script][0])
            try:
                case(bench, script)
            except Exception as error:
                print(f"FAILED {case.__name__}, {script}: {error}")
                return 1
            print(f"passed {case.__name__}, {script}")
    print(f"data_scripts: {len(cases)} cases with {downloader} passed")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
