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

/** Of a union that is told apart by a key, the option that a value means; the schema itself where that cannot be told. */
function meant(schema: z.core.$ZodType, value: unknown): z.core.$ZodType {
	const inner = unwrap(schema);
	if (!(inner instanceof z.ZodDiscriminatedUnion) || typeof value !== "object" || value === null) return inner;
	const { discriminator } = inner.def;
	const kind = (value as Record<string, unknown>)[discriminator];
	const option = (inner.options as z.core.$ZodType[]).find(
		(each) => each instanceof z.ZodObject && each.shape[discriminator]?.safeParse(kind).success,
	);
	return option ?? inner;
}

/**
 * The keys a config may have at a path of keys; empty where it may have none.
 *
 * @param value the config that is being checked: of several kinds of a group, only the keys of its own are told
 */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[], value?: unknown): string[] {
	let at = [meant(schema, value)];
	let inside = value;
	for (const key of path) {
		inside = (inside as Record<PropertyKey, unknown> | null | undefined)?.[key];
		at = at.flatMap((each) => below(each, key).map((child) => meant(child, inside)));
	}
	return [...new Set(at.flatMap((each) => [...(children(each)?.keys() ?? [])]))];
}

function below(schema: z.core.$ZodType, key: PropertyKey): z.core.$ZodType[] {
	const inner = unwrap(schema);
	if (inner instanceof z.ZodArray && typeof key === "number") return [inner.element];
	return children(inner)?.get(String(key)) ?? [];
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
