// What the page can do beyond being read: figures beside the pointer, the filter of the examples, saving the data.
// It stands in the page as it is, so it is plain JavaScript, and it sets text only, never markup.
(() => {
	const text = document.getElementById("report").textContent;
	const report = JSON.parse(text);
	const percent = (rate) => `${(100 * rate).toFixed(1)} %`;

	const METRICS = {
		teacher: (p) => [p.winRate, p.low, p.high],
		initial: (p) => [p.winRateAgainstInitial, p.winRateAgainstInitialLow, p.winRateAgainstInitialHigh],
		accuracy: (p) => [p.accuracy, p.accuracyLow, p.accuracyHigh],
	};

	function element(tag, className, ...children) {
		const made = document.createElement(tag);
		if (className) made.className = className;
		made.append(...children);
		return made;
	}

	/** The legend's boxes stand in the order of report.lines; only the lines that are shown are read out. */
	const legend = [...document.querySelectorAll(".legend input")];

	function figures(metric, iteration) {
		return report.lines.flatMap((line, i) => {
			const point = line.points.find((p) => p.iteration === iteration);
			if (point === undefined || !legend[i].checked) return [];
			const [value, low, high] = METRICS[metric](point);
			if (value === undefined) return [];
			const label = legend[i].closest("label").textContent.trim();
			const slot = legend[i].closest("label").querySelector("line").getAttribute("stroke");
			return [{ label, slot, value, low, high }];
		});
	}

	function tipFor(metric, iteration) {
		const rows = figures(metric, iteration).sort((a, b) => b.value - a.value);
		const heading = iteration === 0 ? "Initial policy" : `Iteration ${iteration}`;
		const tip = element("div", "tip", element("strong", "", heading));
		tip.setAttribute("role", "status");
		if (rows.length === 0) tip.append("no figures");
		for (const { label, slot, value, low, high } of rows) {
			const stroke = element("i");
			stroke.style.background = slot;
			const range = element("small", "", `${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)}`);
			tip.append(element("div", "", stroke, element("span", "", label), element("b", "", percent(value)), range));
		}
		return tip;
	}

	function pointable(plot) {
		let iteration;
		const clear = () => {
			for (const old of plot.querySelectorAll(":scope > .tip, :scope > .guide")) old.remove();
		};
		const scale = () => {
			const svg = [...plot.querySelectorAll("svg")].find((one) => one.getBoundingClientRect().width > 0);
			const box = svg.getBoundingClientRect();
			const zoom = box.width / svg.viewBox.baseVal.width;
			const { from, to, last, metric } = svg.dataset;
			return { box, metric, from: from * zoom, to: to * zoom, last: Number(last) };
		};
		const show = (wanted) => {
			const { box, metric, from, to, last } = scale();
			iteration = Math.min(last, Math.max(0, wanted));
			const x = from + ((to - from) * iteration) / last;
			clear();
			const guide = element("div", "guide");
			guide.style.left = `${x}px`;
			const tip = tipFor(metric, iteration);
			plot.append(guide, tip);
			const isLeft = x + 12 + tip.offsetWidth > box.width;
			tip.style.left = `${isLeft ? Math.max(0, x - 12 - tip.offsetWidth) : x + 12}px`;
		};
		plot.addEventListener("pointermove", (event) => {
			const { box, from, to, last } = scale();
			show(Math.round(((event.clientX - box.left - from) / (to - from)) * last));
		});
		plot.addEventListener("pointerleave", clear);
		plot.addEventListener("blur", clear);
		plot.addEventListener("keydown", (event) => {
			const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
			if (event.key === "Escape") clear();
			if (step === undefined) return;
			event.preventDefault();
			show(iteration === undefined ? 0 : iteration + step);
		});
	}

	function filterable(list) {
		const form = document.querySelector(".filter");
		const more = document.getElementById("more");
		const status = document.getElementById("examples-shown");
		const inReport = status.textContent;
		const cards = [...list.children].map((card) => ({ card, words: card.textContent.toLowerCase() }));
		const page = Number(list.dataset.page);
		let room = page;
		const apply = () => {
			const change = form.elements.change.value;
			const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
			const found = cards.filter(
				({ card, words: own }) =>
					(change === "" || card.dataset.change === change) && words.every((word) => own.includes(word)),
			);
			for (const { card } of cards) card.hidden = true;
			for (const { card } of found.slice(0, room)) card.hidden = false;
			more.hidden = found.length <= room;
			more.textContent = `Show ${Math.min(2 * page, found.length - room)} more`;
			status.textContent = `${Math.min(room, found.length)} of ${found.length} shown. ${inReport}`;
		};
		form.addEventListener("input", () => {
			room = page;
			apply();
		});
		form.addEventListener("submit", (event) => event.preventDefault());
		more.addEventListener("click", () => {
			const next = cards.find(({ card }) => card.hidden);
			room += 2 * page;
			apply();
			next?.card.setAttribute("tabindex", "-1");
			next?.card.focus({ preventScroll: true });
		});
		form.hidden = false;
		apply();
		return {
			/** Paper has no button to show more. */
			showAll: () => {
				room = cards.length;
				apply();
			},
		};
	}

	function saveable(button) {
		button.hidden = false;
		button.addEventListener("click", () => {
			const link = element("a");
			const blob = new Blob([`${JSON.stringify(report, undefined, "\t")}\n`], { type: "application/json" });
			link.href = URL.createObjectURL(blob);
			link.download = "report.json";
			link.click();
			setTimeout(() => URL.revokeObjectURL(link.href), 1000);
		});
	}

	for (const plot of document.querySelectorAll(".rate .plot")) pointable(plot);
	const list = document.querySelector(".examples");
	const examples = list === null ? undefined : filterable(list);
	saveable(document.getElementById("save"));
	addEventListener("beforeprint", () => {
		for (const details of document.querySelectorAll("details")) details.open = true;
		examples?.showAll();
	});
})();
