"""llama.cpp's server on 127.0.0.1: serve.py MODEL SLOTS CONTEXT. Prints its address; ends when its standard input does."""

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
# One more thread than there are idle cores makes llama.cpp's spinning threads wait for each other.
params.cpuparams.n_threads = 1
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
# Also when whoever started it was killed: a server that nobody stops would stay.
sys.stdin.read()
