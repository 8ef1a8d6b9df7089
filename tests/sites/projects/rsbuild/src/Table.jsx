import { label } from "./label.js";

export default function Table({ count }) {
  return (
    <table>
      <tbody>
        <tr>
          <td>{label("table", count)}</td>
        </tr>
      </tbody>
    </table>
  );
}
