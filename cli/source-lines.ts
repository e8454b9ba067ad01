import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from "yaml";

/** Tells on which line of a config's source a key stands; undefined when it is not sure. */
export type LineOf = (path: readonly PropertyKey[]) => number | undefined;

/** Lines of a YAML or JSON source. */
export function yamlLines(source: string): LineOf {
	const counter = new LineCounter();
	const document = parseDocument(source, { lineCounter: counter });
	return (path) => {
		let at: unknown = document.contents;
		let offset: number | undefined;
		for (const key of path) {
			const child: Pair | Node | undefined = childOf(at, key);
			if (child === undefined) return undefined;
			const named: unknown = isPair(child) ? child.key : child;
			offset = (named as Node).range?.[0];
			at = isPair(child) ? child.value : child;
		}
		return offset === undefined ? undefined : counter.linePos(offset).line;
	};
}

function childOf(node: unknown, key: PropertyKey): Pair | Node | undefined {
	if (isMap(node)) return node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(key));
	if (isSeq(node)) return node.items[Number(key)] as Node | undefined;
	return undefined;
}

// A string, a template, a comment, a property name with its colon, or one of the brackets that nest.
const TOKEN =
	/\/\/[^\n]*|\/\*[\s\S]*?\*\/|(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[\p{ID_Start}$_][\p{ID_Continue}$]*)\s*:(?!:)|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|[{}[\]()]/gu;

/**
 * Lines of a TypeScript or JavaScript source, found by the nesting of its object literals without parsing it. A key path that
 * comes more than once, or is put together elsewhere, has no line.
 */
export function scriptLines(source: string): LineOf {
	const lines = new Map<string, number | undefined>();
	const open: (string | undefined)[] = [];
	let pending: string | undefined;
	for (const match of source.matchAll(TOKEN)) {
		const token = match[0];
		if (token.startsWith("//") || token.startsWith("/*")) continue;
		if (token.endsWith(":") && !/^[`]/.test(token)) {
			pending = token.replace(/\s*:$/, "").replace(/^(["'])(.*)\1$/, "$2");
			const path = pathKey([...open.filter((key) => key !== undefined), pending]);
			lines.set(path, lines.has(path) ? undefined : lineAt(source, match.index));
		} else if (/^[{[(]$/.test(token)) {
			open.push(pending);
			pending = undefined;
		} else if (/^[}\])]$/.test(token)) {
			open.pop();
			pending = undefined;
		}
	}
	return (path) => lines.get(pathKey(path.filter((key) => typeof key === "string")));
}

function pathKey(path: readonly string[]): string {
	return JSON.stringify(path);
}

function lineAt(source: string, offset: number): number {
	return source.slice(0, offset).split("\n").length;
}
