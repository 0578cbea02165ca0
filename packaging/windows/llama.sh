#!/bin/sh
# llama.sh SOURCE FOLDER: of llama.cpp a wheel for Windows, in FOLDER, built on Linux by mingw-w64, cmake and ninja.
# SOURCE is what `llama.py --source` lays down.  Without OpenMP and with mingw's libraries inside: nothing but Windows is needed.
# Where wine64 is, the libraries are tried; with MODEL in the environment they write a few tokens.
set -e
SOURCE=$(realpath "$1") FOLDER=$(realpath -m "$2") HERE=$(dirname "$(realpath "$0")")
MODEL=${MODEL:+$(realpath "$MODEL")}
HOST=x86_64-w64-mingw32 LLAMA=$SOURCE/vendor/llama.cpp
mkdir -p "$FOLDER/lib"
# Windows aligns no stack to 32 bytes and gcc takes it for aligned: the assembler writes moves that need no alignment.
FLAGS="-include $HERE/mingw_fix.h -D_WIN32_WINNT=0x0A00 -Wa,-muse-unaligned-vector-move"
LINK="-static -s -Wl,--exclude-libs,ALL"  # every function is exported, but not those of mingw in it
cmake -S "$LLAMA" -B "$FOLDER/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_SYSTEM_NAME=Windows -DCMAKE_SYSTEM_PROCESSOR=x86_64 \
    -DCMAKE_C_COMPILER=$HOST-gcc-posix -DCMAKE_CXX_COMPILER=$HOST-g++-posix -DCMAKE_RC_COMPILER=$HOST-windres \
    -DCMAKE_C_FLAGS="$FLAGS" -DCMAKE_CXX_FLAGS="$FLAGS" \
    -DCMAKE_SHARED_LINKER_FLAGS="$LINK" -DCMAKE_MODULE_LINKER_FLAGS="$LINK" \
    -DBUILD_SHARED_LIBS=ON -DGGML_NATIVE=OFF -DGGML_BACKEND_DL=ON -DGGML_CPU_ALL_VARIANTS=ON -DGGML_OPENMP=OFF -DGGML_CCACHE=OFF \
    -DLLAMA_BUILD_MTMD=ON -DLLAMA_BUILD_COMMON=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_APP=OFF
ninja -C "$FOLDER/build" ${JOBS:+-j "$JOBS"} llama mtmd
cp "$FOLDER"/build/bin/*.dll "$FOLDER/lib"
WINE=$(PATH=$PATH:/usr/lib/wine command -v wine64 || true)
if [ -n "$WINE" ]; then
    mkdir -p "$FOLDER/try"
    cp "$FOLDER"/lib/*.dll "$FOLDER/try"
    $HOST-gcc-posix "$HERE/try_llama.c" -I"$LLAMA/include" -I"$LLAMA/ggml/include" "$FOLDER/build/src/libllama.dll.a" \
        "$FOLDER/build/ggml/src/libggml.dll.a" "$FOLDER/build/ggml/src/libggml-base.dll.a" -o "$FOLDER/try/try_llama.exe"
    (cd "$FOLDER/try" && WINEPREFIX="$FOLDER/wine" WINEDEBUG=-all "$WINE" try_llama.exe ${MODEL:+"$MODEL"})
fi
python3 - "$SOURCE" "$FOLDER" "$HERE/.." <<'PYTHON'
import sys
from pathlib import Path

source, folder = map(Path, sys.argv[1:3])
sys.path.append(sys.argv[3])
from llama import BUILD, pack, version

print(pack(source, sorted((folder / "lib").iterdir()), f"{version()}+slmdesk.{BUILD}", "win_amd64", folder))
PYTHON
