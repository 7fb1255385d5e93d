"""A zoo from its owner to a graph: published, trusted, pulled, named; and everything that may be wrong on the way."""

import base64
import json
import shutil
import subprocess
import zipfile

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edgeai.clock import NS, VirtualClock
from edgeai.errors import ConfigError, ModelError
from edgeai.graph import Graph
from edgeai.perception.model import Model
from edgeai.workbench.zoo import keys, trust
from edgeai.workbench.zoo.cached import shelves, verify
from edgeai.workbench.zoo.fetch import Pace, fetch
from edgeai.workbench.zoo.manifests import refresh
from edgeai.workbench.zoo.mirror import HttpMirror, mirror
from edgeai.workbench.zoo.publish import publish
from edgeai.workbench.zoo.pull import pull
from edgeai.workbench.zoo.vet import vet
from edgeai.zoo import expand


def outside(home):
    """Every file of the test's folder but the cache."""
    return {path for path in home.rglob("*") if path.is_file() and home / "cache" not in path.parents}


def fetched(trusted, name="driver"):
    refresh(trusted)
    return pull(name, [trusted])


# -- signatures ------------------------------------------------------------------------------------------------------


def test_signatures_are_those_of_rfc_8032():
    """Section 7.1, test 2."""
    private = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    )
    public = keys.read_public(keys.public_of(private))
    assert public.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    signature = base64.b64encode(
        bytes.fromhex(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        )
    )
    assert keys.sign(private, b"\x72").strip() == signature
    keys.verify(public, b"\x72", signature, "here")
    with pytest.raises(ModelError, match="not signed by"):
        keys.verify(public, b"\x73", signature, "here")


def test_openssl_agrees_that_a_manifest_is_signed(zoo, home):
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    (home / "sig").write_bytes(base64.b64decode((zoo / "manifest.json.sig").read_bytes()))
    subprocess.run(
        [openssl, "pkeyutl", "-verify", "-inkey", home / "owner.pem", "-rawin", "-in", zoo / "manifest.json",
         "-sigfile", home / "sig"],
        check=True,
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", "ed25519:", "ed25519:AAAA", "rsa:" + "A" * 44, "ed25519:" + "*" * 44])
def test_what_is_no_public_key_is_refused(text):
    with pytest.raises(ConfigError, match="a public key"):
        keys.read_public(text)


def test_a_private_key_is_its_owners_alone_and_never_overwritten(home):
    keys.generate(home / "k.pem")
    assert (home / "k.pem").stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError):
        keys.generate(home / "k.pem")
    (home / "none.pem").write_text("no key")
    with pytest.raises(ConfigError, match="no plain private key"):
        keys.load_private(home / "none.pem")


# -- from a folder ---------------------------------------------------------------------------------------------------


def test_a_family_is_pulled_and_named_in_a_graph(trusted, models):
    paths = fetched(trusted)
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in models]
    assert all(verdict.wrong == "" for verdict in verify([trusted]))
    graph = Graph(cameras={"front": "synthetic:64x48"}, stages={"pilot": {"model": "zoo:driver"}})
    assert graph.stages["pilot"].model == ("zoo:driver/pilot_small", "zoo:driver/pilot_large")
    assert [graph.resolve(name) for name in graph.stages["pilot"].model] == list(paths)
    assert Model.load(graph.resolve("zoo:driver/pilot_small")).task == "regression"
    assert Graph.parse(graph.to_yaml()).stages == graph.stages


def test_a_model_that_was_not_pulled_says_how_to_pull_it(trusted):
    refresh(trusted)
    for name in ("driver", "driver/pilot_large"):
        with pytest.raises(ConfigError, match=f"edgeai models pull {name}"):
            Graph(cameras={"front": "synthetic:64x48"}, stages={"pilot": {"model": f"zoo:{name}"}})
    pull("driver/pilot_large", [trusted])
    assert [name for name, _ in expand("zoo:driver/pilot_large")] == ["zoo:driver/pilot_large"]
    with pytest.raises(ModelError, match="pilot_small of driver is not here"):
        expand("zoo:driver")


def test_the_shipped_pilots_are_a_family_whose_hashes_are_true():
    assert [name for name, _ in expand("zoo:pilot")] == ["zoo:pilot/small", "zoo:pilot/medium", "zoo:pilot/large"]
    assert {verdict.wrong for verdict in verify([])} == {""}


def test_a_changed_file_of_the_cache_is_found_and_pulled_again(trusted):
    path = fetched(trusted)[0]
    good = path.read_bytes()
    path.write_bytes(good[:-1] + b"x")
    wrong = {verdict.name: verdict.wrong for verdict in verify([trusted])}
    assert "pilot_small.tflite" in wrong["driver/pilot_small"]
    assert wrong["driver/pilot_large"] == ""
    assert pull("driver", [trusted])[0].read_bytes() == good


def test_a_changed_manifest_of_the_cache_is_found(trusted):
    fetched(trusted)
    path = trusted.folder / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b"Apache-2.0", b"MIT-------"))
    assert any("not signed by" in verdict.wrong for verdict in verify([trusted]))
    with pytest.raises(ModelError, match="not signed by"):
        shelves([trusted])


@pytest.mark.parametrize("name", ["manifest.json", "manifest.json.sig"])
@pytest.mark.parametrize("change", ["other", "empty", "gone", "huge"])
def test_a_tampered_manifest_or_signature_is_refused(zoo, trusted, name, change):
    path = zoo / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if change == "gone":
        path.unlink()
    else:
        path.write_bytes({"other": bytes(content), "empty": b"", "huge": b" " * (5 << 20)}[change])
    with pytest.raises(ModelError):
        refresh(trusted)
    assert not trusted.folder.exists()


def test_another_owners_zoo_is_refused(zoo, home):
    other = trust.Trusted(keys.generate(home / "other.pem"), (str(zoo),))
    with pytest.raises(ModelError, match="not signed by"):
        refresh(other)


@pytest.mark.parametrize("name", ["driver/pilot_small.tflite", "driver/pilot_small.yaml"])
@pytest.mark.parametrize("change", ["other", "shorter", "longer", "gone"])
def test_a_tampered_model_or_card_is_refused(zoo, trusted, name, change):
    refresh(trusted)
    path = zoo / name
    content = path.read_bytes()
    changed = {"other": content[:-1] + b"!", "shorter": content[:-1], "longer": content + b"!"}
    path.unlink() if change == "gone" else path.write_bytes(changed[change])
    with pytest.raises(ModelError):
        pull("driver", [trusted])
    assert not list(trusted.folder.rglob("*.tflite"))


def test_a_fifo_in_a_mirror_is_not_waited_for(zoo, trusted):
    import os

    refresh(trusted)
    (zoo / "driver/pilot_small.tflite").unlink()
    os.mkfifo(zoo / "driver/pilot_small.tflite")
    with pytest.raises(ModelError, match="is not a file"):
        pull("driver", [trusted])


def test_an_older_edition_is_refused(zoo, trusted, key, models):
    old = {name: (zoo / name).read_bytes() for name in ("manifest.json", "manifest.json.sig")}
    publish(zoo, "driver", models[:1], key)
    assert refresh(trusted).serial == 2
    for name, content in old.items():
        (zoo / name).write_bytes(content)
    with pytest.raises(ModelError, match="older than the 2 at hand"):
        refresh(trusted)


HOSTILE = ["../../x", "/etc/x", "C:\\x", "a/../../x", "..", "a\\b", "~/x", "\0"]


def signed(zoo, key, change):
    """Let the owner sign whatever `change` makes of the manifest."""
    document = json.loads((zoo / "manifest.json").read_text())
    change(document)
    content = json.dumps(document).encode()
    (zoo / "manifest.json").write_bytes(content)
    (zoo / "manifest.json.sig").write_bytes(keys.sign(key, content))


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("place", ["family", "variant", "model", "labels", "zoo"])
def test_a_signed_manifest_cannot_write_outside_the_cache(zoo, trusted, key, home, name, place):
    def change(document):
        family = document["families"][0]
        variant = family["variants"][0]
        if place == "family":
            family["name"] = name
        elif place == "variant":
            variant["name"] = name
        elif place == "zoo":
            document["zoo"] = name
        elif place == "labels":
            variant["labels"] = {**variant["card"], "file": name}
        else:
            variant["model"]["file"] = name

    signed(zoo, key, change)
    before = outside(home)
    with pytest.raises(ModelError, match="the manifest"):
        refresh(trusted)
    assert outside(home) == before


@pytest.mark.parametrize(
    ("key_of", "value"), [("bytes", 1 << 40), ("bytes", 0), ("bytes", "1"), ("sha256", "00"), ("sha256", "Z" * 64)]
)
def test_sizes_and_hashes_that_cannot_be_are_refused(zoo, trusted, key, key_of, value):
    signed(zoo, key, lambda document: document["families"][0]["variants"][0]["model"].update({key_of: value}))
    with pytest.raises(ModelError, match=key_of):
        refresh(trusted)


@pytest.mark.parametrize("what", ["families", "variants"])
def test_two_of_one_name_are_refused(zoo, trusted, key, what):
    def change(document):
        rows = document["families"] if what == "families" else document["families"][0]["variants"]
        rows.append({**rows[0], "name": rows[0]["name"].upper()})

    signed(zoo, key, change)
    with pytest.raises(ModelError, match="once"):
        refresh(trusted)


# -- what is published -----------------------------------------------------------------------------------------------


def test_a_zip_bomb_packed_in_a_model_is_neither_published_nor_unpacked(home, models, key):
    with zipfile.ZipFile(models[0], "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.txt", b"a\n" * (64 << 20))
    card = models[0].with_suffix(".yaml")
    card.write_text("\n".join(line for line in card.read_text().splitlines() if not line.startswith("sha256")))
    with pytest.raises(ModelError, match=r"larger|too"):
        vet(models[0])
    with pytest.raises(ModelError):
        publish(home / "bomb", "driver", models, key)
    assert not (home / "bomb").exists()


@pytest.mark.parametrize("labels", ["../secret.txt", "/etc/passwd", "gone.txt"])
def test_a_card_names_labels_beside_it_only(models, labels):
    card = models[0].with_suffix(".yaml")
    card.write_text(card.read_text() + f"labels: {labels}\n")
    with pytest.raises(ModelError, match=r"labels|gone"):
        vet(models[0])


def test_a_model_is_published_with_a_card_that_says_whose_it_is(home, models, key):
    card = models[0].with_suffix(".yaml")
    card.write_text("\n".join(line for line in card.read_text().splitlines() if not line.startswith("licence")))
    with pytest.raises(ModelError, match="licence"):
        publish(home / "zoo", "driver", models, key)
    card.unlink()
    with pytest.raises(ModelError, match="no card"):
        publish(home / "zoo", "driver", models, key)


def test_a_zoo_is_added_to_by_its_own_key_alone(zoo, home, models):
    keys.generate(home / "other.pem")
    with pytest.raises(ModelError, match="not signed by"):
        publish(zoo, "more", models, keys.load_private(home / "other.pem"))


# -- from a server ---------------------------------------------------------------------------------------------------


@pytest.fixture
def remote(server, trusted):
    zoo = trust.Trusted(trusted.key, (server.address,))
    refresh(zoo)
    return zoo


def test_a_family_comes_over_http(remote, models):
    assert [path.read_bytes() for path in pull("driver", [remote])] == [path.read_bytes() for path in models]
    assert not list((remote.folder / "partial").iterdir())


def test_a_download_that_breaks_off_is_continued_by_range(server, remote, models):
    server.fault = "breaks off"
    seen = []
    path = pull("driver/pilot_small", [remote], watch=lambda *step: seen.append(step))[0]
    assert path.read_bytes() == models[0].read_bytes()
    asked = [range_ for path, range_ in server.log if path.endswith("pilot_small.tflite")]
    assert asked == [None, "bytes=20000-", "bytes=40000-", "bytes=60000-"]
    assert seen[-1][1] == seen[-1][2]


def test_what_was_fetched_before_is_kept_for_the_next_pull(server, remote, models, home):
    server.fault = "breaks off"
    with pytest.raises(ModelError, match="again continues"):
        pull("driver/pilot_large", [remote])
    server.fault = None
    server.log.clear()
    assert pull("driver/pilot_large", [remote])[0].read_bytes() == models[1].read_bytes()
    assert server.log[0][1] == "bytes=100000-"


def test_a_server_without_range_begins_anew(server, remote, models):
    blob = shelves([remote])[1].manifest.families[0].variants[0].model
    part = remote.folder / "partial" / blob.sha256
    part.parent.mkdir()
    part.write_bytes(models[0].read_bytes()[:1000])
    server.fault = "no range"
    assert pull("driver/pilot_small", [remote])[0].read_bytes() == models[0].read_bytes()


@pytest.mark.parametrize("rest", [b"of another file", b"x" * 70_000])
def test_a_beginning_that_was_another_files_is_fetched_anew(remote, models, rest):
    blob = shelves([remote])[1].manifest.families[0].variants[0].model
    part = remote.folder / "partial" / blob.sha256
    part.parent.mkdir()
    part.write_bytes(rest)
    assert pull("driver/pilot_small", [remote])[0].read_bytes() == models[0].read_bytes()


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("404", "HTTP 404"),
        ("other", "another file than the manifest states"),
        ("longer", "larger than"),
        ("redirect file:///etc/passwd", "redirects to file:"),
        ("redirect ftp://127.0.0.1/x", "redirects to ftp:"),
        ("redirect data:,x", "redirects to data:"),
        ("redirect /driver/pilot_small.tflite", "redirect"),
    ],
)
def test_what_a_server_may_do_wrong(server, remote, fault, sentence):
    server.fault = fault
    with pytest.raises(ModelError, match=sentence):
        pull("driver/pilot_small", [remote])
    assert not list(remote.folder.rglob("*.tflite"))


def test_a_redirect_to_http_is_followed(server, remote, zoo, models):
    (zoo / "moved").write_bytes(models[0].read_bytes())
    server.fault = f"redirect {server.address}/moved"
    assert pull("driver/pilot_small", [remote])[0].read_bytes() == models[0].read_bytes()


def test_a_silent_server_is_given_up(server, remote, home):
    server.fault = "silent"
    blob = shelves([remote])[1].manifest.families[0].variants[0].model
    with pytest.raises(ModelError, match="says nothing for too long"):
        fetch([HttpMirror(server.address, timeout=0.1)], blob, home / "part", VirtualClock())


def test_a_trickle_is_given_up():
    clock = VirtualClock()
    pace = Pace(clock)
    for second in range(30):
        clock.sleep_until(second * NS)
        pace.check(10)
    clock.sleep_until(30 * NS)
    with pytest.raises(ModelError, match="310 bytes in 30 s"):
        pace.check(10)


def test_a_server_that_is_not_there_is_said_to_be_none(trusted, server):
    server.shutdown()
    server.server_close()
    with pytest.raises(ModelError, match="cannot be fetched"):
        refresh(trust.Trusted(trusted.key, (server.address,)))


def test_the_next_mirror_stands_in(server, trusted, models, zoo):
    both = trust.Trusted(trusted.key, (server.address, str(zoo)))
    refresh(both)
    server.fault = "other"
    assert pull("driver", [both])[0].read_bytes() == models[0].read_bytes()


@pytest.mark.parametrize(
    "address", ["ftp://x/y", "javascript:x", "http://", "http://u:p@x/", "http://x:y/", "", "file://far/x"]
)
def test_addresses_that_are_none(address):
    with pytest.raises(ConfigError, match="in which manifest"):
        mirror(address)


# -- whom to trust ---------------------------------------------------------------------------------------------------


def test_what_is_trusted_is_remembered_and_a_second_address_is_a_mirror(key):
    public = keys.public_of(key)
    trust.store(trust.trust(trust.trust((), public, "/a"), public, "https://b"))
    assert trust.load() == (trust.Trusted(public, ("https://b", "/a")),)


@pytest.mark.parametrize("content", ["", "{}", "[{}]", '[{"key": "x", "mirrors": ["/a"]}]', "\0"])
def test_a_damaged_list_of_zoos_is_named(content):
    trust.path().parent.mkdir(parents=True)
    trust.path().write_text(content)
    with pytest.raises(ConfigError):
        trust.load()
