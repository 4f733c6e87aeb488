"""How large a segment of the log becomes, whatever it is that fills it."""

from payloads import logs, post

MB = 1 << 20


def test_a_segment_is_sealed_by_its_own_size(make_server):
    """A field that OTLP does not define is in the log alone: the batch has hardly a byte of it."""
    server = make_server("--seal-bytes", "1M", "--seal-age", "1h", "--dedup-window", "0s")
    unknown = b"\xa2\x06" + b"\x80\x80\x40" + bytes(MB)  # field 100 of a MiB
    for number in range(6):
        assert post(server.http, "/v1/logs", logs([f"{number}"]).SerializeToString() + unknown)[0] == 200
    server.wait_until(lambda: server.files("logs"))
    assert server.stop() == 0
    assert sorted(row[0] for row in server.rows("logs", "Body")) == ["0", "1", "2", "3", "4", "5"]
    assert len(server.files("logs")) == 2
