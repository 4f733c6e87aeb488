"""The container image and the Kubernetes manifest in examples/server: each command and field that can be tried without
an engine is."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from conftest import ROOT, program
from test_tls import keys  # noqa: F401

EXAMPLES = ROOT / "examples" / "server"
KEPT = "/var/lib/otlp2parquet"


def instructions():
    """(name, arguments) of each line of the Dockerfile, those that go on joined."""
    text = re.sub(r"^#.*\n", "", (EXAMPLES / "Dockerfile").read_text(), flags=re.MULTILINE)
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        if line:
            yield tuple(line.split(" ", 1))


def last_stage():
    every = list(instructions())
    return every[max(i for i, (name, _) in enumerate(every) if name == "FROM") :]


def the(name):
    (arguments,) = [arguments for one, arguments in last_stage() if one == name]
    return arguments


def manifest():
    return {one["kind"]: one for one in yaml.safe_load_all((EXAMPLES / "kubernetes.yaml").read_text())}


def settings(folder, path):
    done = subprocess.run(
        [program(), "serve", "--config", path, "--print-config"], cwd=folder, capture_output=True, text=True, check=True
    )
    return dict(line.replace('"', "").split(": ", 1) for line in done.stdout.splitlines())


def test_what_the_image_copies_is_there(tmp_path):
    ignored = (EXAMPLES / "Dockerfile.dockerignore").read_text().splitlines()
    copied = [arguments.split()[0] for name, arguments in instructions() if name == "COPY" and "--from" not in arguments]
    assert copied
    for name in copied:
        assert (ROOT / name).exists() and f"!{name}" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == set(copied)
    # They are enough to build: make needs no more to know what it would do.
    for name in copied:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    subprocess.run(["make", "-n", "cli"], cwd=tmp_path, check=True, capture_output=True)


def is_debian_12():
    release = Path("/etc/os-release")
    return release.exists() and "VERSION_CODENAME=bookworm" in release.read_text()


@pytest.mark.skipif(not is_debian_12(), reason="the names of packages are those of Debian 12")
@pytest.mark.skipif("asan" in str(program()), reason="the sanitizers' program needs other libraries")
def test_the_image_has_the_libraries_of_the_program():
    packages = re.search(r"--no-install-recommends (.*?) &&", the_packages())[1].split()
    needed = output("apt-cache", "depends", "--recurse", "--important", *packages)
    known = set(re.findall(r"[\w.+-]+", needed))
    for path in re.findall(r"=> (/\S+)", output("ldd", program())):
        owners = output("dpkg-query", "--search", f"*-linux-gnu/{os.path.basename(path)}")
        assert known & set(re.findall(r"^([^:]+):", owners, re.MULTILINE)), f"{path} is not in the image"


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def the_packages():
    (command,) = [arguments for name, arguments in last_stage() if name == "RUN" and "apt-get install" in arguments]
    return command


def test_the_image_runs_without_rights():
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", the("USER"))
    uid = the("USER").split(":")[0]
    (made,) = [arguments for name, arguments in last_stage() if name == "RUN" and "useradd" in arguments]
    assert f"--uid {uid} " in made and f" {KEPT}" in made
    assert the("VOLUME") == the("WORKDIR") == KEPT
    assert json.loads(the("ENTRYPOINT")) == ["otlp2parquet"]


def test_the_image_s_settings(tmp_path):
    words = json.loads(the("CMD"))
    copies = dict(arguments.split() for name, arguments in last_stage() if name == "COPY" and "--from" not in arguments)
    assert words == ["serve", "--config", copies["examples/server/container.yaml"]]
    found = settings(tmp_path, EXAMPLES / "container.yaml")
    assert [found["data"], found["wal"]] == [f"{KEPT}/data", f"{KEPT}/wal"]
    ports = {found["http"].rpartition(":")[2], found["grpc"].rpartition(":")[2]}
    assert set(the("EXPOSE").split()) == ports and found["http"].startswith("0.0.0.0:")


def test_the_image_s_health_check(server):
    command = json.loads(re.search(r"CMD (\[.*\])$", the("HEALTHCHECK"))[1])
    command[-1] = command[-1].replace("127.0.0.1/4318", server.http.replace(":", "/"))

    def status():
        return subprocess.run(command, timeout=20, capture_output=True, check=False).returncode

    assert status() == 0
    assert server.stop() == 0
    assert status() != 0


def test_the_manifest_s_parts_fit_together(tmp_path):
    parts = manifest()
    assert set(parts) == {"ConfigMap", "Service", "StatefulSet"}
    spec = parts["StatefulSet"]["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    labels = spec["template"]["metadata"]["labels"]
    assert labels == spec["selector"]["matchLabels"] == parts["Service"]["spec"]["selector"]
    assert spec["serviceName"] == parts["Service"]["metadata"]["name"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    claims = {claim["metadata"]["name"] for claim in spec["volumeClaimTemplates"]}
    assert set(mounts) == set(volumes) | claims and mounts["kept"] == KEPT and claims == {"kept"}
    assert volumes["settings"]["configMap"]["name"] == parts["ConfigMap"]["metadata"]["name"]
    assert pod["securityContext"]["runAsUser"] == int(the("USER").split(":")[0])
    assert pod["securityContext"]["runAsNonRoot"] and container["securityContext"]["readOnlyRootFilesystem"]
    assert pod["enableServiceLinks"] is False  # see the variables that are refused in test_settings.py

    ((name, text),) = parts["ConfigMap"]["data"].items()
    assert container["args"] == ["serve", "--config", f"{mounts['settings']}/{name}"]
    (tmp_path / name).write_text(text)
    found = settings(tmp_path, tmp_path / name)
    assert found["data"].startswith(KEPT) and found["wal"].startswith(KEPT)
    assert pod["terminationGracePeriodSeconds"] > int(found["drain-timeout"].removesuffix("s"))
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports["otlp-http"] == int(found["http"].rpartition(":")[2])
    assert ports["otlp-grpc"] == int(found["grpc"].rpartition(":")[2])
    assert all(ports[port["targetPort"]] == port["port"] for port in parts["Service"]["spec"]["ports"])


def test_the_manifest_s_probes(server):
    (container,) = manifest()["StatefulSet"]["spec"]["template"]["spec"]["containers"]
    for probe in ("readinessProbe", "livenessProbe"):
        target = container[probe]["httpGet"]
        assert target["port"] == "otlp-http"
        server.get(target["path"])  # an exception when it does not say 200


def test_what_the_unit_says_to_do_first(tmp_path, keys):  # noqa: F811
    """Its commands make what it loads, and the flags for checking by hand name that."""
    unit = (EXAMPLES / "otlp2parquet.service").read_text()
    for name in ("server.pem", "server.key"):
        shutil.copy(keys / name, tmp_path)
    (tmp_path / "clients").write_text("bearer TOKEN\n")
    etc = tmp_path / "etc"
    for command in re.findall(r"^#   (install .*)$", unit, re.MULTILINE):
        subprocess.run(command.replace("/etc/", f"{etc}/"), shell=True, cwd=tmp_path, check=True)
    for path in re.findall(r"^LoadCredential=.*:/etc/(.+)$", unit, re.MULTILINE):
        assert (etc / path).stat().st_mode & 0o777 == 0o600
    flags = re.findall(r"--(tls-cert|tls-key|auth-file)\s+(?:# )?/etc/(\S+)", unit)
    assert len(flags) == 3
    by_hand = [word for name, path in flags for word in (f"--{name}", etc / path)]
    elsewhere = ["--data", "data", "--wal", "wal", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"]
    check = [program(), "serve", "--config", EXAMPLES / "otlp2parquet.yaml", "--check", *elsewhere]
    assert subprocess.run([*check, *by_hand], cwd=tmp_path, capture_output=True, check=False).returncode == 0
    by_root = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert by_root.returncode == 2 and "auth-file: /run/credentials/" in by_root.stderr
