# slmdesk: `make run` opens the program, `make test` runs every check. Both do all set-up by themselves.
# packaging/set_up.py does the work; it needs Python >= 3.11 with venv, and a C++ compiler.
PYTHON3 ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
ifeq ($(PYTHON3),)
$(error Python 3.11 or newer with venv is needed; on Debian: apt-get install python3 python3-venv)
endif

# `make run BACKEND=vulkan` (or cuda, metal) compiles llama.cpp for graphics cards; `BACKEND=cpu` goes back.
export BACKEND
# `make run STARTER=small` fetches no better model than the small one; `STARTER=good` fetches it again.
export STARTER

.PHONY: run test quick soak coverage shots bench texts model wheel packages package-test lock release clean

run:
	@$(PYTHON3) packaging/set_up.py run

test:
	@$(PYTHON3) packaging/set_up.py test

# Two minutes: the checks without tests, and the tests that need no window, model or process.
quick:
	@$(PYTHON3) packaging/set_up.py quick

# The full counts of the fault matrix: an hour or more.
soak:
	@$(PYTHON3) packaging/set_up.py soak

# Which lines and branches the tests reach, child processes included.
coverage:
	@$(PYTHON3) packaging/set_up.py coverage

# docs/screenshots, from the real window and the real model.
shots:
	@$(PYTHON3) packaging/set_up.py shots

# Figures for docs/performance.md; wants a quiet machine.
bench:
	@$(PYTHON3) packaging/set_up.py bench
	@.venv/bin/python -m benchmarks

# The catalogues of the window's languages, from the texts in the code.
texts:
	@.venv/bin/python packaging/texts.py

# Into dist/ the wheels for `uv tool install slmdesk --find-links dist` on PCs without a compiler.
wheel:
	@$(PYTHON3) packaging/set_up.py wheel

# Into dist/ a .deb, a tarball and a .run of the commit that is checked out; wants what `make wheel` puts there.
packages:
	@$(PYTHON3) packaging/packages.py

# As root: the packages in dist/, tried in a bare Debian by an account without network.
package-test:
	@$(PYTHON3) packaging/package_test.py

model:
	@$(PYTHON3) packaging/set_up.py model

lock:
	@packaging/lock.sh

# Checks, packages and their sums into dist/: see CONTRIBUTING.md.
release:
	@$(PYTHON3) packaging/release.py

clean:
	rm -rf .venv .cache build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
