"""The name under which a model is shown: the one in its header, or its file name where that says more."""

from __future__ import annotations

import re

from slmdesk.base.labels import clean_label
from slmdesk.gguf.read import GgufHeader

MAX_NAME = 120
_QUANTIZATION = re.compile(r"[-._ ](?:i1-)?(?:UD-)?(?:I?Q\d\w*|F16|F32|BF16|MXFP4\w*)$", re.IGNORECASE)


def name_for(header: GgufHeader, stem: str) -> str:
    """The header's name, unless the file's name holds the header's basename and size and a word the name lacks.

    Converters fill `general.name` from a folder, so that SmolLM2-135M-Instruct.Q4_1.gguf calls itself "Smollm2 135M 8k
    Lc100K Mix1 Ep2".  A file's name is taken without its quantization, which is shown beside it.
    """
    file_name = clean_label(_QUANTIZATION.sub("", stem), MAX_NAME)
    if not header.name:
        return file_name
    parts = [header.metadata.get(key) for key in ("general.basename", "general.size_label")]
    known = {word for part in parts if isinstance(part, str) for word in _words(part)}
    of_file, of_header = _words(file_name), _words(header.name)
    says_more = bool(known) and known <= of_file and not of_file <= of_header
    return file_name if says_more else header.name


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", text.casefold()))
