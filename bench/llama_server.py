"""llama.cpp's server on a free port of 127.0.0.1: `llama_server.py GGUF THREADS SLOTS TOKENS_A_SLOT`.

Answers the first line it reads with its address and process id, and ends with its standard input.
"""

import json
import os
import sys

import xllamacpp

gguf, *numbers = sys.argv[1:]
threads, slots, slot_tokens = map(int, numbers)
params = xllamacpp.CommonParams()
params.model.path = gguf
params.hostnames = ["127.0.0.1"]
params.port = 0
params.n_gpu_layers = 0
params.n_parallel = slots
params.n_ctx = slots * slot_tokens
params.fit_params = False  # would shrink the context to what memory is free
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
params.cache_ram_mib = 0  # no prompt comes twice, so keeping them would only cost
params.verbosity = 1
server = xllamacpp.Server(params)
for _ in sys.stdin:
    print(json.dumps({"address": server.listening_address, "pid": os.getpid()}), flush=True)
os._exit(0)  # the server's threads do not end by themselves
