"""Errors of the API all have one form."""

import httpx


def assert_problem(response: httpx.Response, status: int, said: str = "") -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert said in problem["detail"]
    assert "Traceback" not in response.text
