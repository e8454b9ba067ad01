import { PAGE_CSS } from "./assets.ts";

/** The light colours of the style sheet by name, which is where the page's palette stands once. */
const LIGHT: ReadonlyMap<string, string> = new Map(
	[...(PAGE_CSS.match(/:root\s*\{[^}]*\}/)?.[0] ?? "").matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map(
		([, name, value]) => [name!, value!] as const,
	),
);

/** A colour of the light palette as it is, for drawings outside the page, on white. */
export function fixedColour(name: string): string {
	return name === "paper" ? "#ffffff" : (LIGHT.get(name) ?? "#1b1f24");
}
