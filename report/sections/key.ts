import type { Stack } from "../charts/stacked-chart.ts";
import { type Html, html } from "../html.ts";

/** What the colours of stacked bars mean, in the order they lie on each other. */
export function keyOf(stacks: readonly Stack[]): Html {
	return html`<ul class="key">${stacks.map(
		({ label, colour }) => html`<li><svg width="12" height="12" aria-hidden="true"><rect width="12" height="12" rx="2"
fill="var(--${colour})"/></svg>${label}</li>`,
	)}</ul>`;
}
