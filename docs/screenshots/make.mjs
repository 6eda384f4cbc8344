// Called by ./make: where the driver is, Chromium, the server's address, an administrator's key.
import { createRequire } from "node:module";
import { statSync } from "node:fs";

const [driver, chromium, at, key] = process.argv.slice(2);
const { chromium: launcher } = createRequire(import.meta.url)(driver);
const browser = await launcher.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });

async function picture(page, name, path, width, height) {
  await page.setViewportSize({ width, height });
  await page.goto(at + path);
  await page.screenshot({ path: `${name}.png` });
  console.log(`${name}.png: ${statSync(`${name}.png`).size} bytes`);
}

const badge = "/badges/2125253106";
const wall = "/users/1";
const links = await (await fetch(at + wall)).text();
const award = links.match(/\/awards\/1\/[0-9]+/)[0];

for (const theme of ["light", "dark"]) {
  const context = await browser.newContext({ colorScheme: theme });
  const page = await context.newPage();
  if (theme === "light") {
    await picture(page, "admin-sign-in-en-light", "/admin/sign-in?lang=en", 640, 560);
  }
  await page.goto(`${at}/admin/sign-in?lang=en`);
  await page.fill("[name=key]", key);
  await Promise.all([page.waitForURL(/\/admin$/), page.click("button.primary")]);
  for (const language of ["en", "ar"]) {
    const of = path => `${path}${path.includes("?") ? "&" : "?"}lang=${language}`;
    const named = name => `${name}-${language}-${theme}`;
    await picture(page, named("badge"), of(badge), 680, 470);
    await picture(page, named("wall"), of(wall), 700, 500);
    await picture(page, named("admin"), of("/admin"), 1000, 720);
    await picture(page, named("admin-badge"), of("/admin/badges/2125253106"), 1000, 720);
    await picture(page, named("admin-rules"), of("/admin/rules"), 1000, 620);
  }
  if (theme === "light") {
    await picture(page, "award-en-light", `${award}?lang=en`, 640, 800);
  }
  await context.close();
}
await browser.close();
