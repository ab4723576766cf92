"""Reads the TensorBoard events of a run with TensorBoard's own reader and holds them against metrics.jsonl.

    python3 -m venv venv && venv/bin/pip install tensorboard
    venv/bin/python scripts/check_tensorboard.py runs/small
    venv/bin/python scripts/check_tensorboard.py --golden    # prints crates/train/src/tensorboard/golden.txt
"""

import json
import math
import struct
import sys
from pathlib import Path

TRAIN = ["loss_nats_per_token", "nll_nats_per_token", "learning_rate", "gradient_norm", "tgt_tokens_per_sec"]
DEV = ["loss_nats_per_token", "loss_nats_per_char", "bleu", "chrf", "chrf++"]
TEST = ["bleu", "chrf", "chrf++", "ter"]


def expected(run):
    """{tag: [(step, number)]} and {tag: [(step, text)]} as metrics.jsonl says."""
    scalars, texts = {}, {"config": [(0, (run / "config.toml").read_text(encoding="utf-8"))]}
    for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        kind, step = row["kind"], row.get("step")
        numbers = {}
        if kind == "train":
            numbers = {f"train/{key}": row[key] for key in TRAIN}
        elif kind == "validate":
            numbers = {f"dev/{key}": row[key] for key in DEV}
        elif kind == "test":
            numbers = {f"test/{row['set']}/{key}": row["scores"][key]["score"] for key in TEST}
        elif kind == "samples":
            for number, sample in enumerate(row["samples"], 1):
                texts.setdefault(f"samples/{number}", []).append((step, sample["hyp"]))
        for tag, number in numbers.items():
            scalars.setdefault(tag, []).append((step, math.nan if number is None else number))
    return scalars, texts


def same(number, other):
    """Whether a number is another in 32 bits."""
    as_float = struct.unpack("<f", struct.pack("<f", other))[0]
    return number == as_float or (math.isnan(number) and math.isnan(as_float))


def check(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    reader = EventAccumulator(str(run / "tensorboard"), size_guidance={"tensors": 0, "scalars": 0})
    reader.Reload()
    scalars, texts = expected(run)
    # TensorBoard turns old scalars into tensors when it reads them; the raw numbers are the same.
    tags = reader.Tags()
    got = set(tags["tensors"]) | set(tags["scalars"])
    assert got == set(scalars) | set(texts), got ^ (set(scalars) | set(texts))
    for tag, points in scalars.items():
        read = [(event.step, event.value) for event in reader.Scalars(tag)] if tag in tags["scalars"] else [
            (event.step, event.tensor_proto.float_val[0]) for event in reader.Tensors(tag)]
        assert [step for step, _ in read] == [step for step, _ in points], tag
        assert all(same(number, other) for (_, number), (_, other) in zip(read, points)), tag
    for tag, points in texts.items():
        read = [(event.step, event.tensor_proto.string_val[0].decode()) for event in reader.Tensors(tag)]
        assert [step for step, _ in read] == [step for step, _ in points], tag
        for (_, text), (_, part) in zip(read, points):
            lines = [line.strip() for line in part.splitlines()]
            assert all(line in text for line in lines), tag
        assert reader.SummaryMetadata(tag).plugin_data.plugin_name == "text", tag
    n = sum(map(len, scalars.values())), sum(map(len, texts.values()))
    print(f"{run}: {n[0]} numbers in {len(scalars)} tags and {n[1]} texts in {len(texts)} are those of metrics.jsonl")


def golden():
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

    tensor = TensorProto(
        dtype=7,
        tensor_shape=TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)]),
        string_val=["ಕನ್ನಡ **a**".encode()],
    )
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
    events = {
        "version": Event(wall_time=0.0, step=0, file_version="brain.Event:2"),
        "restart": Event(wall_time=1.5, step=0, session_log=SessionLog(status=SessionLog.START)),
        "scalar": Event(wall_time=2.25, step=300, summary=Summary(
            value=[Summary.Value(tag="train/loss", simple_value=0.5)])),
        "text": Event(wall_time=2.25, step=70_000, summary=Summary(
            value=[Summary.Value(tag="samples/1", metadata=metadata, tensor=tensor)])),
    }
    for name, event in events.items():
        message = event.SerializeToString(deterministic=True)
        length = struct.pack("<Q", len(message))
        checksum = lambda data: struct.pack("<I", masked_crc32c(data))
        print(name, (length + checksum(length) + message + checksum(message)).hex())


if __name__ == "__main__":
    if sys.argv[1:] == ["--golden"]:
        golden()
    elif len(sys.argv) == 2:
        check(Path(sys.argv[1]))
    else:
        sys.exit(__doc__)
