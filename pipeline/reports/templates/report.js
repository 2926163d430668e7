const charts = Array.from(document.querySelectorAll(".chart"), (place) => {
  const figure = JSON.parse(place.textContent);
  place.replaceChildren();
  return [place, figure];
});
const dark = matchMedia("(prefers-color-scheme: dark)");
function theme() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = {gridcolor: colour("--line"), linecolor: colour("--line"), zeroline: false, automargin: true, rangemode: "tozero"};
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: {color: colour("--faint"), family: "system-ui, sans-serif", size: 13},
    colorway: ["--one", "--two", "--three", "--four"].map(colour),
    margin: {l: 56, r: 24, t: 16, b: 52}, bargap: 0.25, hovermode: "closest",
    legend: {orientation: "h", x: 0, y: 1.02, yanchor: "bottom"}, xaxis: axis, yaxis: axis,
  };
}
function merged(base, own) {
  const result = {...base};
  for (const [name, value] of Object.entries(own)) {
    const isObject = value && typeof value === "object" && !Array.isArray(value);
    result[name] = isObject ? merged(base[name] || {}, value) : value;
  }
  return result;
}
function drawAll() {
  for (const [place, figure] of charts) {
    const layout = merged(theme(), figure.layout);
    place.style.height = `${layout.height || 280}px`;
    delete layout.height; // of the place, so that the chart follows its width
    Plotly.react(place, figure.data, layout, {displayModeBar: false, responsive: true});
  }
}
drawAll();
dark.addEventListener("change", drawAll);
