import type { Graph, GraphNode } from "./graph.ts";

/** The nodes that some output needs, in order: differentiation leaves rules' results behind that nobody asked for. */
export function liveNodes(graph: Graph): GraphNode[] {
	const needed = new Set(graph.outputs.map(({ value }) => value.name));
	return graph.nodes
		.toReversed()
		.filter((node) => {
			if (!node.outputs.some((output) => needed.has(output.name))) return false;
			for (const input of node.inputs) if (input !== undefined) needed.add(input.name);
			return true;
		})
		.reverse();
}
