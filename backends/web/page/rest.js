// Requests to the server; an error is its own words.

let known = sessionStorage.getItem("token") || ""; // forgotten with the tab

export const token = () => known;

export function setToken(text) {
  known = text;
  if (text) sessionStorage.setItem("token", text);
  else sessionStorage.removeItem("token");
}

export async function ask(path, options = {}) {
  const headers = known ? { Authorization: `Bearer ${known}` } : {};
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch {
    throw new Error("the server does not answer");
  }
  const content = await response.json();
  if (!response.ok) throw new Error(content.error);
  return content;
}

const address = (name) => `/pv/${encodeURIComponent(name)}`;

export const read = (name) => ask(address(name));
export const put = (name, value) => ask(address(name), { method: "PUT", body: JSON.stringify({ value }) });
export const call = (name, given) => ask(address(name), { method: "POST", body: JSON.stringify(given) });
