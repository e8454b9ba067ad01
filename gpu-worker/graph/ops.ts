/** The op families under one name; each op has its shape rule and its gradient beside it. */
export * from "./ops/activations.ts";
export * from "./ops/attend.ts";
export * from "./ops/elementwise.ts";
export * from "./ops/gather.ts";
export * from "./ops/joined-softmax.ts";
export * from "./ops/low-rank.ts";
export * from "./ops/matmul.ts";
export * from "./ops/normalization.ts";
export * from "./ops/quantized-linear.ts";
export * from "./ops/reduce.ts";
export * from "./ops/response-log-probabilities.ts";
export * from "./ops/rotary.ts";
export * from "./ops/shape.ts";
export * from "./ops/softmax.ts";
export * from "./ops/split.ts";
