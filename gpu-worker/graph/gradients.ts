import { DnoError } from "../../core/errors.ts";
import type { Graph, Value } from "./graph.ts";
import { addGradients } from "./ops/gather.ts";

/**
 * Adds to the graph the gradient of a scalar by each of `sources`, by reverse-mode differentiation: every node on a
 * path from a source to the loss is asked once for its rule, last first.
 *
 * @param loss a float32 scalar (shape `[]`)
 * @returns one value a source, of the source's shape
 * @throws DnoError if the loss is no scalar or does not depend on a source
 */
export function gradients(graph: Graph, loss: Value, sources: readonly Value[]): Value[] {
	if (loss.shape.length !== 0 || loss.dtype !== "float32") {
		throw new DnoError({ what: "only a float32 scalar can be differentiated", got: [loss.dtype, loss.shape] });
	}
	const forward = [...graph.nodes];
	const needed = reachable(forward, sources);
	const totals = new Map<string, Value>([[loss.name, graph.scalar(1)]]);
	for (const node of forward.toReversed()) {
		if (!node.outputs.some((output) => needed.has(output.name))) continue;
		const outputGradients = node.outputs.map((output) => totals.get(output.name));
		if (outputGradients.every((gradient) => gradient === undefined)) continue;
		if (node.gradient === undefined) {
			throw new DnoError({ what: `graph ${graph.name} differentiates through an op without a gradient`, got: node.op });
		}
		const inputGradients = node.gradient(outputGradients);
		node.sources.forEach((input, i) => {
			const gradient = inputGradients[i];
			if (input === undefined || gradient === undefined || !needed.has(input.name)) return;
			const sum = totals.get(input.name);
			totals.set(input.name, sum === undefined ? gradient : addGradients(sum, gradient));
		});
	}
	return sources.map((source) => {
		const gradient = totals.get(source.name);
		if (gradient === undefined) throw new DnoError({ what: "the loss does not depend on a value", got: source.name });
		return gradient;
	});
}

/** The names of all values that depend on a source, the sources included. */
function reachable(nodes: Graph["nodes"], sources: readonly Value[]): Set<string> {
	const names = new Set(sources.map((source) => source.name));
	for (const node of nodes) {
		if ([...node.inputs, ...node.sources].some((input) => input !== undefined && names.has(input.name))) {
			for (const output of node.outputs) names.add(output.name);
		}
	}
	return names;
}
