import { Component, isDevMode, provideBrowserGlobalErrorListeners, signal } from "@angular/core";
import { bootstrapApplication } from "@angular/platform-browser";
import { provideRouter, RouterLink, RouterOutlet, withHashLocation } from "@angular/router";
import { provideServiceWorker } from "@angular/service-worker";

@Component({
  selector: "app-home",
  template: `<h1>Home</h1>
    <img src="rings.png" alt="Rings" />
    <button id="count" (click)="count.set(count() + 1)">{{ count() }}</button>`,
})
class Home {
  count = signal(0);
}

@Component({
  selector: "app-root",
  imports: [RouterLink, RouterOutlet],
  template: `<nav><a routerLink="/">Home</a> <a routerLink="/about">About</a></nav>
    <router-outlet />`,
})
class App {}

bootstrapApplication(App, {
  providers: [
    provideBrowserGlobalErrorListeners(),
    provideRouter(
      [
        { path: "", component: Home },
        { path: "about", loadComponent: () => import("./about").then((it) => it.About) },
      ],
      withHashLocation(),
    ),
    provideServiceWorker("ngsw-worker.js", {
      enabled: !isDevMode(),
      registrationStrategy: "registerWhenStable:30000",
    }),
  ],
}).catch((error) => console.error(error));
