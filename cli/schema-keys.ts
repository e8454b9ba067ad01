import { z } from "zod";

/** A schema without its optional, default and nullable wrappers. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
	let inner = schema;
	while (
		inner instanceof z.ZodOptional ||
		inner instanceof z.ZodDefault ||
		inner instanceof z.ZodNullable ||
		inner instanceof z.ZodPrefault ||
		inner instanceof z.ZodReadonly
	)
		inner = inner.unwrap();
	return inner;
}

/** The keys an object schema has, each with the schemas it may have there (several in a union); undefined for other schemas. */
function children(schema: z.core.$ZodType): Map<string, z.core.$ZodType[]> | undefined {
	const inner = unwrap(schema);
	if (inner instanceof z.ZodObject) return new Map(Object.entries(inner.shape).map(([key, child]) => [key, [child]]));
	if (!(inner instanceof z.ZodUnion)) return undefined;
	const merged = new Map<string, z.core.$ZodType[]>();
	for (const option of inner.options)
		for (const [key, schemas] of children(option) ?? []) merged.set(key, [...(merged.get(key) ?? []), ...schemas]);
	return merged.size === 0 ? undefined : merged;
}

/** The keys a config may have at a path of keys; empty where it may have none. */
export function keysAt(schema: z.core.$ZodType, path: readonly string[]): string[] {
	let at = [schema];
	for (const key of path) at = at.flatMap((each) => children(each)?.get(key) ?? []);
	return [...new Set(at.flatMap((each) => [...(children(each)?.keys() ?? [])]))];
}

/** Every dotted key of a schema, groups and leaves. */
export function dottedKeys(schema: z.core.$ZodType, prefix = ""): string[] {
	const keys = new Set<string>();
	for (const [key, schemas] of children(schema) ?? []) {
		keys.add(prefix + key);
		for (const child of schemas) for (const dotted of dottedKeys(child, `${prefix}${key}.`)) keys.add(dotted);
	}
	return [...keys];
}
