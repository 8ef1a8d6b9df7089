import picture from "./picture.png";

export const Button = ({ label }) => (
  <button>
    <img src={picture} alt="" width="20" /> {label}
  </button>
);
