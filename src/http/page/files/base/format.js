// Times, spans and counts as people read them; times are those of the browser's zone.

/** @param {number} number */
const two = (number) => String(number).padStart(2, "0");

/** `14:05` today, `tomorrow 14:05`, `2026-12-01 14:05` otherwise. @param {string | null} iso @param {Date} [now] */
export function shortTime(iso, now = new Date()) {
  if (iso === null) return "";
  const time = new Date(iso);
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}`;
  const days = Math.round((midnight(time) - midnight(now)) / 86_400_000);
  if (days === 0) return clock;
  if (days === 1) return `tomorrow ${clock}`;
  if (days === -1) return `yesterday ${clock}`;
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock}`;
}

/** `2026-12-01 14:05:09 GMT+1`, for titles and where the exact time counts. @param {string | null} iso */
export function exactTime(iso) {
  if (iso === null) return "";
  const time = new Date(iso);
  const zone = new Intl.DateTimeFormat("en", {timeZoneName: "short"}).formatToParts(time)
    .find((part) => part.type === "timeZoneName")?.value ?? "";
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ` +
    `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())} ${zone}`;
}

/** @param {Date} time */
function midnight(time) {
  return new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();
}

/** `40 ms`, `3.2 s`, `4 min 10 s`, `2 h 5 min`, `3 d 4 h`. @param {number | null} seconds */
export function duration(seconds) {
  if (seconds === null || !Number.isFinite(seconds)) return "";
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return joined(whole, 60, "min", 1, "s");
  if (whole < 86_400) return joined(whole, 3600, "h", 60, "min");
  return joined(whole, 86_400, "d", 3600, "h");
}

/** @param {number} seconds @param {number} large @param {string} largeUnit @param {number} small @param {string} unit */
function joined(seconds, large, largeUnit, small, unit) {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${largeUnit}${rest === 0 ? "" : ` ${rest} ${unit}`}`;
}

/** `every 15 minutes`, `every hour`, `once`. @param {number | null} seconds */
export function interval(seconds) {
  if (seconds === null) return "once";
  for (const [size, unit] of /** @type {[number, string][]} */ ([[604_800, "week"], [86_400, "day"], [3600, "hour"], [60, "minute"]])) {
    if (seconds % size !== 0) continue;
    const number = seconds / size;
    return number === 1 ? `every ${unit}` : `every ${count(number)} ${unit}s`;
  }
  return `every ${count(seconds)} seconds`;
}

/** `1,234,567` @param {number | null} number */
export function count(number) {
  return number === null ? "" : new Intl.NumberFormat("en").format(number);
}

/** `1 row`, `1,234 rows` @param {number} number @param {string} thing */
export function counted(number, thing) {
  return `${count(number)} ${thing}${number === 1 ? "" : "s"}`;
}

/** `12 kB`, `3.4 MB` @param {number | null} bytes */
export function size(bytes) {
  if (bytes === null) return "";
  let number = bytes;
  let unit = "B";
  for (const next of ["kB", "MB", "GB", "TB"]) {
    if (number < 1000) break;
    number /= 1000;
    unit = next;
  }
  return `${number < 10 && unit !== "B" ? number.toFixed(1) : Math.round(number)} ${unit}`;
}
