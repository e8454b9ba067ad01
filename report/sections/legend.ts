import { type Html, html } from "../html.ts";
import { SLOTS, type StyledLine } from "../lines.ts";

/** The lines by colour and dash, with a box each to hide one in all charts; it works without the page's script. */
export function legend(lines: readonly StyledLine[]): Html {
	return html`<fieldset class="legend"><legend>Lines shown</legend>${lines.map(
		(line) => html`<label class="${line.isMain ? "main" : ""}"><input type="checkbox" checked id="show-${line.slot}">
${swatch(line)}<span>${line.label}</span></label>`,
	)}</fieldset>`;
}

/** Rules that hide a line's marks while its box is not checked. */
export function legendStyle(lines: readonly StyledLine[]): string {
	return lines.map(({ slot }) => `body:has(#show-${slot}:not(:checked)) .series-${slot}{display:none}`).join("\n");
}

/** A short stroke as the line is drawn. */
function swatch({ slot, dash, isMain }: Pick<StyledLine, "slot" | "dash" | "isMain">): Html {
	return html`<svg class="swatch" width="26" height="10" viewBox="0 0 26 10" aria-hidden="true"><line x1="1" x2="25" y1="5"
y2="5" stroke="var(--line-${slot % SLOTS})" stroke-width="${isMain ? 3.25 : 2}" stroke-dasharray="${dash ?? "none"}"/></svg>`;
}
