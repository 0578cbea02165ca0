"""Run as a child: what the pinned llama.cpp says, without this program around it.  One JSON object to stdout.

python llama_child.py tables FOLDER NAME…     types of weights, names of file types, architectures it does not know
python llama_child.py memory MODEL CELLS SEQUENCES    resident bytes gained by loading it and reading 512 tokens
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["GGML_NO_BACKTRACE"] = "1"

import llama_cpp.llama_cpp as api

LINES: list[str] = []


@api.llama_log_callback
def keep(_level: int, text: bytes, _data: object) -> None:
    LINES.append(text.decode("utf-8", "replace"))


def tables(folder: Path, names: list[str]) -> dict[str, object]:
    from fakes.tiny_gguf import tiny_unknown, write

    base = ctypes.CDLL(str(next((Path(api.__file__).parent / "lib").glob("libggml-base.so"))))
    base.ggml_blck_size.restype, base.ggml_type_size.restype = ctypes.c_int64, ctypes.c_size_t
    types = {number: (base.ggml_blck_size(number), base.ggml_type_size(number)) for number in range(43)}
    library = ctypes.CDLL(str(next((Path(api.__file__).parent / "lib").glob("libllama.so"))))
    library.llama_ftype_name.restype = ctypes.c_char_p
    file_types = {number: library.llama_ftype_name(number).decode() for number in range(42)}
    unknown = []
    for name in names:
        params = api.llama_model_default_params()
        params.vocab_only = True
        LINES.clear()
        model = api.llama_model_load_from_file(str(write(folder / "x.gguf", tiny_unknown(name))).encode(), params)
        if model:
            api.llama_model_free(model)
        if "unknown model architecture" in "".join(LINES):
            unknown.append(name)
    return {"types": types, "file_types": file_types, "unknown": unknown}


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def memory(model_path: str, cells: int, sequences: int) -> dict[str, int]:
    """As children/engine/llama does it: weights read, one shared pool, one row of logits for each sequence."""
    before = resident()
    model_params = api.llama_model_default_params()
    model_params.load_mode = api.LLAMA_LOAD_MODE_NONE
    model = api.llama_model_load_from_file(model_path.encode(), model_params)
    params = api.llama_context_default_params()
    params.n_ctx, params.n_batch, params.n_ubatch = cells, 512, 512
    params.n_seq_max = params.n_outputs_max = sequences
    params.n_threads = params.n_threads_batch = 1
    params.kv_unified, params.swa_full = True, False
    context = api.llama_init_from_model(model, params)
    batch = api.llama_batch_init(512, 0, 1)
    tokens = api.llama_vocab_n_tokens(api.llama_model_get_vocab(model))
    batch.n_tokens = 512
    for at in range(512):
        batch.token[at], batch.pos[at], batch.n_seq_id[at] = (7 * at + 11) % tokens, at, 1
        batch.seq_id[at][0], batch.logits[at] = 0, at == 511
    if api.llama_decode(context, batch):
        raise SystemExit("decode failed")
    return {"bytes": resident() - before}


def main() -> None:
    api.llama_log_set(keep, None)
    api.llama_backend_init()
    what, rest = sys.argv[1], sys.argv[2:]
    if what == "tables":
        sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
        print(json.dumps(tables(Path(rest[0]), rest[1:])))
    else:
        print(json.dumps(memory(rest[0], int(rest[1]), int(rest[2]))))


if __name__ == "__main__":
    main()
