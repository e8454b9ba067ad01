"""llama.cpp's server on 127.0.0.1: serve.py MODEL SLOTS CONTEXT. Prints its address; ends when its standard input does."""

import os
import sys

import xllamacpp

model, slots, context = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
params = xllamacpp.CommonParams()
params.model.path = model
params.model_alias = {"llama-judge"}
params.hostnames = ["127.0.0.1"]
params.port = 0
params.n_parallel = slots
params.n_ctx = slots * context
# llama.cpp's threads spin while they wait for each other: with none to spare for dno all crawl.
params.cpuparams.n_threads = max(1, (os.cpu_count() or 2) - 1)
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
# Also when whoever started it was killed: a server that nobody stops would stay.
sys.stdin.read()
