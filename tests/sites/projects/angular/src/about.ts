import { Component } from "@angular/core";

@Component({
  selector: "app-about",
  template: `<h1>About</h1>`,
  styles: `
    h1 {
      color: rgb(20 120 40);
    }
  `,
})
export class About {}
